import Foundation

/// The name of a wish: the same job and name twice is one run.
package enum RequestName {
    static let mostCharacters = 200

    /// What is wrong with a name, in words that follow what it is called; `nil` for one that will do.
    package static func problem(_ name: String) -> String? {
        if let scalar = name.controlCharacter() {
            return "has the control character \(scalar) in it; a name has none"
        }
        let count = name.unicodeScalars.count
        guard (1...mostCharacters).contains(count) else {
            return "has \(count) characters; 1 to \(mostCharacters) will do"
        }
        return nil
    }

    /// One that nobody had before.
    package static func fresh() -> String { UUID().uuidString.lowercased() }
}
