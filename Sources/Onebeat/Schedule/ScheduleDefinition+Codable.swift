extension ScheduleDefinition: Codable {
    private enum CodingKeys: String, CodingKey {
        case cron, every, delay, at, `repeat`, after, timezone, start, end, spread, except, dst
    }

    /// Reads the keys of a configuration. Lists may be written as their only element; lengths are text such as `1h30m`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let rhythms: [CodingKeys] = [.cron, .every, .delay, .at, .repeat, .after].filter(container.contains)
        if rhythms.count > 1 {
            let names = rhythms.map(\.rawValue).joined(separator: " and ")
            throw DecodingError.dataCorruptedError(
                forKey: rhythms[1], in: container,
                debugDescription: "\(names) are both given, but a job has one rhythm; make them two jobs")
        }
        let rhythm: Rhythm =
            switch rhythms.first {
            case .cron: .cron(try container.list(of: String.self, .cron))
            case .every: .every(try container.length(.every))
            case .delay: .delay(try container.length(.delay))
            case .at: .at(try container.list(of: Timestamp.self, .at))
            case .repeat: .repeat(try container.decode(String.self, forKey: .repeat))
            case .after: .after(try container.list(of: String.self, .after))
            default: .manual
            }
        self.init(
            rhythm,
            timezone: try container.decodeIfPresent(String.self, forKey: .timezone) ?? "UTC",
            start: try container.decodeIfPresent(Timestamp.self, forKey: .start),
            end: try container.decodeIfPresent(Timestamp.self, forKey: .end),
            spread: container.contains(.spread) ? try container.length(.spread) : .zero,
            except: container.contains(.except) ? try container.list(of: String.self, .except) : [],
            daylightSaving: try container.decodeIfPresent(DaylightSaving.self, forKey: .dst) ?? .init())
    }

    /// Writes the keys of a configuration, leaving out what is at its default.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch rhythm {
        case .cron(let expressions): try container.encode(expressions, forKey: .cron)
        case .every(let length): try container.encode(length.text, forKey: .every)
        case .delay(let length): try container.encode(length.text, forKey: .delay)
        case .at(let moments): try container.encode(moments, forKey: .at)
        case .repeat(let interval): try container.encode(interval, forKey: .repeat)
        case .after(let jobs): try container.encode(jobs, forKey: .after)
        case .manual: break
        }
        if timezone != "UTC" { try container.encode(timezone, forKey: .timezone) }
        try container.encodeIfPresent(start, forKey: .start)
        try container.encodeIfPresent(end, forKey: .end)
        if spread != .zero { try container.encode(spread.text, forKey: .spread) }
        if !except.isEmpty { try container.encode(except, forKey: .except) }
        if daylightSaving != DaylightSaving() { try container.encode(daylightSaving, forKey: .dst) }
    }
}

extension KeyedDecodingContainer {
    fileprivate func list<Element: Decodable>(of type: Element.Type, _ key: Key) throws -> [Element] {
        if let list = try? decode([Element].self, forKey: key) { return list }
        return [try decode(Element.self, forKey: key)]
    }

    fileprivate func length(_ key: Key) throws -> Duration {
        let text = try decode(String.self, forKey: key)
        guard let length = Duration(text: text) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self,
                debugDescription: "\"\(text)\" is not a length of time; write it like 30s, 5m or 1h30m")
        }
        return length
    }
}
