import Onebeat

// Access: who may see and act. A door knows who asks, the gatekeeper lets on whom the table of routes names. Users, sessions
// and tokens are the store's, so that every node knows them; passwords are salted hashes, and of secrets only fingerprints
// are kept.

/// Whether people have to sign in, and how.
package enum SignInMode: String, Sendable, CaseIterable {
    /// Whoever reaches the address may do everything; on an address that only this machine reaches.
    case none
    /// By a name and a password, programs by a token.
    case password
}

/// How it is known who asks.
public struct WebAccess: Sendable, Equatable {
    package var signIn: SignInMode
    /// A proxy that says who asks.
    package var proxy: ProxyTrust?

    package init(signIn: SignInMode = .none, proxy: ProxyTrust? = nil) {
        self.signIn = signIn
        self.proxy = proxy
    }

    /// Nobody has to sign in where only this machine reaches the address; elsewhere nobody comes in.
    public static let standard = WebAccess()

    /// Whether anybody has to say who they are.
    package var isGuarded: Bool { signIn != .none || proxy?.userHeader != nil }

    func door(at address: ListenAddress, _ store: any Store) -> any Door {
        isGuarded || !address.isLoopback ? GuardedDoor(store: store, proxy: proxy) : OpenDoor(address: address)
    }
}
