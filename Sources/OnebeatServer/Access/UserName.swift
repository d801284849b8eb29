/// What users and tokens are called.
package enum UserName {
    /// What is wrong with a name; `nil` for one that will do. Colons and spaces stand for something else in events and keys.
    package static func problem(_ name: String) -> String? {
        guard (1...64).contains(name.utf8.count) else {
            return "\"\(name.prefix(70))\" has \(name.utf8.count) bytes; 1 to 64 will do"
        }
        let isFine = name.unicodeScalars.allSatisfy { scalar in
            scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || "._@+-".unicodeScalars.contains(scalar)
        }
        return isFine ? nil : "\"\(name)\" is no name; write letters, digits and any of . _ @ + -"
    }
}
