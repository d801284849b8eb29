#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Something the sun does each day at a place on the ground, or nearly each: beyond the polar circles it may not happen.
///
/// The nine events are Celery's, with the same heights of the sun: its centre at −18°, −12° and −6° for the twilights, its
/// upper edge at the horizon for rise and set.
public struct SolarEvent: Sendable, Hashable {
    /// What the sun does.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case dawnAstronomical = "dawn_astronomical"
        case dawnNautical = "dawn_nautical"
        case dawnCivil = "dawn_civil"
        case sunrise
        case solarNoon = "solar_noon"
        case sunset
        case duskCivil = "dusk_civil"
        case duskNautical = "dusk_nautical"
        case duskAstronomical = "dusk_astronomical"

        /// The height of the sun's centre, in degrees; `nil` where it is highest.
        var height: Double? {
            switch self {
            case .dawnAstronomical, .duskAstronomical: -18
            case .dawnNautical, .duskNautical: -12
            case .dawnCivil, .duskCivil: -6
            // Half the sun's width, and what the air bends.
            case .sunrise, .sunset: -0.833
            case .solarNoon: nil
            }
        }

        var isMorning: Bool {
            switch self {
            case .dawnAstronomical, .dawnNautical, .dawnCivil, .sunrise: true
            case .solarNoon, .sunset, .duskCivil, .duskNautical, .duskAstronomical: false
            }
        }
    }

    /// What the sun does.
    public var kind: Kind
    /// Degrees north of the equator, −90 to 90.
    public var latitude: Double
    /// Degrees east of Greenwich, −180 to 180.
    public var longitude: Double

    /// An event at a place.
    public init(_ kind: Kind, latitude: Double, longitude: Double) {
        self.kind = kind
        self.latitude = latitude
        self.longitude = longitude
    }
}

extension SolarEvent {
    /// The event in plain English, such as `sunset at latitude 48.85°, longitude 2.35°`.
    var words: String {
        "\(kind.rawValue.replacing("_", with: " ")) at latitude \(latitude)°, longitude \(longitude)°"
    }

    /// A polar night or day is over within half a year, and what does not come within this many days does not come.
    private static let horizon = 400

    /// The first time strictly after `moment`, on a whole minute; `nil` where it never happens.
    ///
    /// Whole minutes, since the last digits of a sine may differ between two machines, and all nodes must agree on the
    /// instant: it is half of a run's identity.
    func next(after moment: Timestamp) -> Timestamp? {
        let seconds = Double(moment.seconds)
        let today = ((seconds + longitude * 240) / 86_400).rounded(.down)
        for day in -1...Self.horizon {
            guard let event = onDay(today + Double(day)) else { continue }
            // Ours: an event lies within the days asked for, and moments within what a calendar has.
            let instant = Timestamp(seconds: Int64((event / 60).rounded()) * 60)
            if instant > moment { return instant }
        }
        return nil
    }

    /// When it happens on a day of the place's own mean time, in seconds since 1970; `nil` when it does not happen that day.
    /// - Parameter day: days since 1970.
    private func onDay(_ day: Double) -> Double? {
        let meanNoon = day * 86_400 + 43_200 - longitude * 240
        var time = meanNoon
        var isReached = true
        // The sun moves on until then; a few rounds leave less than a second.
        for _ in 0..<5 {
            let sun = Sun(at: time)
            let noon = meanNoon - sun.equationOfTime * 60
            guard let height = kind.height else {
                time = noon
                continue
            }
            // On the last days of a season it is reached about midnight alone, where it is looked for then.
            let angle = sun.hourAngle(at: height, latitude: latitude)
            isReached = angle != nil
            time = noon + (kind.isMorning ? -1 : 1) * (angle ?? 180) * 240
        }
        return isReached ? time : nil
    }
}

/// Where the sun stands, by the low-precision series of Meeus, *Astronomical Algorithms*, chapter 25, which NOAA's solar
/// calculator uses too: exact to about a hundredth of a degree for centuries around 2000.
private struct Sun {
    /// Degrees north of the celestial equator.
    var declination: Double
    /// How far a sundial is ahead of an even clock, in minutes.
    var equationOfTime: Double

    /// - Parameter time: seconds since 1970.
    init(at time: Double) {
        let century = (time / 86_400 + 2_440_587.5 - 2_451_545) / 36_525
        let meanLongitude = 280.46646 + century * (36_000.76983 + century * 0.0003032)
        let anomaly = 357.52911 + century * (35_999.05029 - 0.0001537 * century)
        let eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
        let centre =
            sine(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
            + sine(2 * anomaly) * (0.019993 - 0.000101 * century) + sine(3 * anomaly) * 0.000289
        let node = 125.04 - 1934.136 * century
        let longitude = meanLongitude + centre - 0.00569 - 0.00478 * sine(node)
        let tilt =
            23.4392911 - century * (0.0130042 + century * (0.00000016 - century * 0.000000504))
            + 0.00256 * cosine(node)
        declination = degrees(asin(sine(tilt) * sine(longitude)))
        let half = tan(radians(tilt / 2))
        let y = half * half
        equationOfTime =
            4
            * degrees(
                y * sine(2 * meanLongitude) - 2 * eccentricity * sine(anomaly)
                    + 4 * eccentricity * y * sine(anomaly) * cosine(2 * meanLongitude)
                    - 0.5 * y * y * sine(4 * meanLongitude) - 1.25 * eccentricity * eccentricity * sine(2 * anomaly))
    }

    /// How far from noon the sun has this height, in degrees of the earth's turn; `nil` when it stays above or below all day.
    func hourAngle(at height: Double, latitude: Double) -> Double? {
        let cosineOfAngle =
            (sine(height) - sine(latitude) * sine(declination)) / (cosine(latitude) * cosine(declination))
        return (-1...1).contains(cosineOfAngle) ? degrees(acos(cosineOfAngle)) : nil
    }
}

private func radians(_ degrees: Double) -> Double { degrees * .pi / 180 }
private func degrees(_ radians: Double) -> Double { radians * 180 / .pi }
private func sine(_ degrees: Double) -> Double { sin(radians(degrees)) }
private func cosine(_ degrees: Double) -> Double { cos(radians(degrees)) }
