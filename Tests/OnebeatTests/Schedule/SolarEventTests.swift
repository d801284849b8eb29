import Testing

@testable import Onebeat

struct SolarEventTests {
    /// The first time after a moment, by PyEphem 4.2.1 (libastro), without the air's pressure, as Celery asks it: event,
    /// latitude, longitude, after, then. `never` is not within a day.
    private static let published = """
        dawn_astronomical 48.85 2.35 2026-06-21T06:00:00Z never
        dawn_nautical 48.85 2.35 2026-06-21T06:00:00Z 2026-06-22T02:03:50Z
        dawn_civil 48.85 2.35 2026-06-21T06:00:00Z 2026-06-22T03:04:33Z
        sunrise 48.85 2.35 2026-06-21T06:00:00Z 2026-06-22T03:47:15Z
        solar_noon 48.85 2.35 2026-06-21T06:00:00Z 2026-06-21T11:52:24Z
        sunset 48.85 2.35 2026-06-21T06:00:00Z 2026-06-21T19:57:48Z
        dusk_civil 48.85 2.35 2026-06-21T06:00:00Z 2026-06-21T20:40:29Z
        dusk_nautical 48.85 2.35 2026-06-21T06:00:00Z 2026-06-21T21:41:13Z
        dusk_astronomical 48.85 2.35 2026-06-21T06:00:00Z never
        dawn_astronomical -33.87 151.21 2026-11-28T03:00:00Z 2026-11-28T16:57:11Z
        dawn_nautical -33.87 151.21 2026-11-28T03:00:00Z 2026-11-28T17:34:39Z
        dawn_civil -33.87 151.21 2026-11-28T03:00:00Z 2026-11-28T18:09:20Z
        sunrise -33.87 151.21 2026-11-28T03:00:00Z 2026-11-28T18:37:42Z
        solar_noon -33.87 151.21 2026-11-28T03:00:00Z 2026-11-29T01:43:17Z
        sunset -33.87 151.21 2026-11-28T03:00:00Z 2026-11-28T08:48:18Z
        dusk_civil -33.87 151.21 2026-11-28T03:00:00Z 2026-11-28T09:16:40Z
        dusk_nautical -33.87 151.21 2026-11-28T03:00:00Z 2026-11-28T09:51:20Z
        dusk_astronomical -33.87 151.21 2026-11-28T03:00:00Z 2026-11-28T10:28:48Z
        dawn_astronomical 64.15 -21.94 2031-04-10T00:00:00Z 2031-04-10T01:40:36Z
        dawn_nautical 64.15 -21.94 2031-04-10T00:00:00Z 2031-04-10T04:09:10Z
        dawn_civil 64.15 -21.94 2031-04-10T00:00:00Z 2031-04-10T05:21:51Z
        sunrise 64.15 -21.94 2031-04-10T00:00:00Z 2031-04-10T06:14:37Z
        solar_noon 64.15 -21.94 2031-04-10T00:00:00Z 2031-04-10T13:29:06Z
        sunset 64.15 -21.94 2031-04-10T00:00:00Z 2031-04-10T20:45:34Z
        dusk_civil 64.15 -21.94 2031-04-10T00:00:00Z 2031-04-10T21:38:53Z
        dusk_nautical 64.15 -21.94 2031-04-10T00:00:00Z 2031-04-10T22:52:58Z
        dusk_astronomical 64.15 -21.94 2031-04-10T00:00:00Z 2031-04-10T01:16:50Z
        dawn_astronomical 78.22 15.65 2026-01-15T00:00:00Z 2026-01-15T05:59:43Z
        dawn_nautical 78.22 15.65 2026-01-15T00:00:00Z 2026-01-15T08:24:05Z
        dawn_civil 78.22 15.65 2026-01-15T00:00:00Z never
        sunrise 78.22 15.65 2026-01-15T00:00:00Z never
        solar_noon 78.22 15.65 2026-01-15T00:00:00Z 2026-01-15T11:06:46Z
        sunset 78.22 15.65 2026-01-15T00:00:00Z never
        dusk_civil 78.22 15.65 2026-01-15T00:00:00Z never
        dusk_nautical 78.22 15.65 2026-01-15T00:00:00Z 2026-01-15T13:50:46Z
        dusk_astronomical 78.22 15.65 2026-01-15T00:00:00Z 2026-01-15T16:15:25Z
        dawn_astronomical 78.22 15.65 2026-09-30T18:00:00Z never
        dawn_nautical 78.22 15.65 2026-09-30T18:00:00Z 2026-10-01T01:30:19Z
        dawn_civil 78.22 15.65 2026-09-30T18:00:00Z 2026-10-01T03:49:59Z
        sunrise 78.22 15.65 2026-09-30T18:00:00Z 2026-10-01T05:32:34Z
        solar_noon 78.22 15.65 2026-09-30T18:00:00Z 2026-10-01T10:47:04Z
        sunset 78.22 15.65 2026-09-30T18:00:00Z 2026-10-01T15:58:16Z
        dusk_civil 78.22 15.65 2026-09-30T18:00:00Z 2026-10-01T17:39:45Z
        dusk_nautical 78.22 15.65 2026-09-30T18:00:00Z 2026-09-30T20:06:41Z
        dusk_astronomical 78.22 15.65 2026-09-30T18:00:00Z never
        dawn_astronomical 31.23 121.47 2026-01-15T00:00:00Z 2026-01-15T21:28:08Z
        dawn_nautical 31.23 121.47 2026-01-15T00:00:00Z 2026-01-15T21:57:18Z
        dawn_civil 31.23 121.47 2026-01-15T00:00:00Z 2026-01-15T22:27:01Z
        sunrise 31.23 121.47 2026-01-15T00:00:00Z 2026-01-15T22:53:10Z
        solar_noon 31.23 121.47 2026-01-15T00:00:00Z 2026-01-15T04:03:23Z
        sunset 31.23 121.47 2026-01-15T00:00:00Z 2026-01-15T09:13:40Z
        dusk_civil 31.23 121.47 2026-01-15T00:00:00Z 2026-01-15T09:39:52Z
        dusk_nautical 31.23 121.47 2026-01-15T00:00:00Z 2026-01-15T10:09:37Z
        dusk_astronomical 31.23 121.47 2026-01-15T00:00:00Z 2026-01-15T10:38:49Z
        dawn_astronomical -17.75 179.9 2026-03-20T12:00:00Z 2026-03-20T16:52:06Z
        dawn_nautical -17.75 179.9 2026-03-20T12:00:00Z 2026-03-20T17:17:23Z
        dawn_civil -17.75 179.9 2026-03-20T12:00:00Z 2026-03-20T17:42:38Z
        sunrise -17.75 179.9 2026-03-20T12:00:00Z 2026-03-20T18:04:20Z
        solar_noon -17.75 179.9 2026-03-20T12:00:00Z 2026-03-21T00:07:41Z
        sunset -17.75 179.9 2026-03-20T12:00:00Z 2026-03-21T06:10:46Z
        dusk_civil -17.75 179.9 2026-03-20T12:00:00Z 2026-03-21T06:32:28Z
        dusk_nautical -17.75 179.9 2026-03-20T12:00:00Z 2026-03-21T06:57:40Z
        dusk_astronomical -17.75 179.9 2026-03-20T12:00:00Z 2026-03-21T07:22:57Z
        """

    @Test(arguments: published.split(separator: "\n").map(String.init))
    func itIsWithinTwoMinutesOfThePublishedTime(_ row: String) throws {
        let words = row.split(separator: " ").map(String.init)
        let kind = try #require(SolarEvent.Kind(rawValue: words[0]))
        let (latitude, longitude) = (try #require(Double(words[1])), try #require(Double(words[2])))
        let event = SolarEvent(kind, latitude: latitude, longitude: longitude)
        let after = try #require(Timestamp(iso8601: words[3]))
        let next = event.next(after: after)
        guard let published = Timestamp(iso8601: words[4]) else {
            #expect(next.map { $0 > after + .seconds(86_400) } ?? true, "\(row): \(next!)")
            return
        }
        let error = try #require(next).duration(since: published)
        #expect(error <= .seconds(120) && error >= .seconds(-120), "\(row): \(error)")
    }

    @Test(arguments: SolarEvent.Kind.allCases)
    func itHappensOnceADayAndInOrder(_ kind: SolarEvent.Kind) throws {
        for longitude in stride(from: -180.0, through: 180, by: 45) {
            let event = SolarEvent(kind, latitude: 35, longitude: longitude)
            var moment = Timestamp(seconds: 1_767_225_600)
            for _ in 0..<800 {
                let next = try #require(event.next(after: moment))
                #expect(next > moment)
                let again = event.next(after: next + .seconds(-1))
                #expect(again == next, "what is due is due from every moment before it")
                if moment.seconds != 1_767_225_600 {
                    let day = next.duration(since: moment)
                    #expect(day > .seconds(86_400 - 600) && day < .seconds(86_400 + 600))
                }
                moment = next
            }
        }
    }

    @Test func aPolarNightIsPassedOver() throws {
        let sunrise = SolarEvent(.sunrise, latitude: 78.22, longitude: 15.65)
        let last = try #require(Timestamp(iso8601: "2026-11-01T00:00:00Z"))
        let next = try #require(sunrise.next(after: last))
        #expect("\(next)".hasPrefix("2027-02-1"), "\(next)")
    }

    /// At the pole the sun rises once a year, if one can tell; it must end, and it must not repeat itself.
    @Test(arguments: [90.0, -90, 89.99])
    func thePolesAreNoTrouble(_ latitude: Double) {
        for kind in SolarEvent.Kind.allCases {
            let event = SolarEvent(kind, latitude: latitude, longitude: 0)
            var moment = Timestamp(seconds: 1_767_225_600)
            for _ in 0..<5 {
                guard let next = event.next(after: moment) else { break }
                #expect(next > moment)
                moment = next
            }
        }
    }

    @Test func itIsAScheduleLikeOthers() throws {
        let event = SolarEvent(.sunset, latitude: 48.85, longitude: 2.35)
        let schedule = try Schedule(.init(.solar(event), except: ["2026-06-21"]), jobName: "lamps")
        let after = try #require(Timestamp(iso8601: "2026-06-20T23:00:00Z"))
        let next = try #require(schedule.next(after: after))
        #expect("\(next)".hasPrefix("2026-06-22T19:5"), "\(next)")
        #expect(schedule.words == "sunset at latitude 48.85°, longitude 2.35°, except 2026-06-21")
        for wrong in [(91.0, 0.0), (0, -181), (.nan, 0), (.infinity, 0)] {
            #expect(throws: ScheduleError.self) {
                let event = SolarEvent(.sunset, latitude: wrong.0, longitude: wrong.1)
                return try Schedule(.init(.solar(event)), jobName: "lamps")
            }
        }
    }
}
