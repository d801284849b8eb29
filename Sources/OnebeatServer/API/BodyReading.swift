/// What comes of what a request carries; for the fuzzer.
package enum BodyReading {
    package static func read(_ bytes: [UInt8]) {
        _ = try? BodyReader.object(bytes)
        for (name, value) in (try? BodyReader.fields(bytes)) ?? [] {
            _ = SignInPages.place(value)
            _ = UserName.problem(name)
            _ = AddressRange(value)
            _ = TokenText.digest(value)
        }
    }
}
