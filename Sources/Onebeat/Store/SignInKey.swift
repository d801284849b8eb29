/// Under what failures to sign in are counted.
package enum SignInKey {
    /// All that try to be one user.
    package static func user(_ name: String) -> String { "user \(name)" }

    /// All that come from one address.
    package static func address(_ address: String) -> String { "address \(address)" }

    /// Those who try to be one user from one address. A name has no spaces.
    package static func pair(_ name: String, _ address: String) -> String { pairs(of: name) + address }

    /// What the pairs of a user begin with.
    package static func pairs(of name: String) -> String { "pair \(name) " }
}
