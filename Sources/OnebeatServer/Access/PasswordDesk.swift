/// Where passwords are hashed and tried: few at one time, since each costs memory and a processor.
struct PasswordDesk: Sendable {
    private let desk = Desk("passwords", most: 16)

    /// - Returns: `nil` where too many wait.
    func fits(_ password: String, _ hash: String) async -> Bool? {
        await desk.compute { Password.fits(password, hash) }
    }

    /// - Returns: the hash to keep; `nil` where too many wait.
    func hash(_ password: String) async throws -> String? {
        try await desk.compute { Result { try Password.hash(password) } }?.get()
    }
}
