import Foundation

/// The name of a wish: the same job and name twice is one run.
package enum RequestName {
    static let mostBytes = 200

    /// What is wrong with a name, in words that follow what it is called; `nil` for one that will do.
    package static func problem(_ name: String) -> String? {
        if let scalar = name.controlCharacter() {
            return "has the control character \(scalar) in it; a name has none"
        }
        guard (1...mostBytes).contains(name.utf8.count) else {
            return "has \(name.utf8.count) bytes; 1 to \(mostBytes) will do"
        }
        return nil
    }

    /// One that nobody had before.
    package static func fresh() -> String { UUID().uuidString.lowercased() }
}
