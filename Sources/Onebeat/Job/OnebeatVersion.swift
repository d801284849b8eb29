/// Which Onebeat this is.
public enum OnebeatVersion {
    /// The version of the library and of the command, which are one.
    public static let current = "0.1.0"
}
