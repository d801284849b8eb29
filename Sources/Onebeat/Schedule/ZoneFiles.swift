/// The zone database of this machine.
public final class ZoneFiles: Sendable {
    /// The folder that `TZDIR` names, else `/usr/share/zoneinfo`.
    public static let system = ZoneFiles(folder: "/usr/share/zoneinfo")

    /// The folder it reads.
    public let folder: String

    /// A database in `folder`; files are read when first asked for.
    public init(folder: String) { self.folder = folder }
}
