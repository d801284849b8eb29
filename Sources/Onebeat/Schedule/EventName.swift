/// What an event that starts jobs may be called.
package enum EventName {
    /// What is wrong with a name; `nil` for one that will do.
    package static func problem(_ name: String) -> String? {
        let isPlain = name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        return isPlain && (1...200).contains(name.unicodeScalars.count)
            ? nil : "an event's name has 1 to 200 characters and no control characters"
    }
}
