import Foundation

/// Who is at the keyboard, as events name the person.
enum Person {
    /// `anna@shop-1`; behind sudo the one who called it.
    static var current: String {
        let environment = ProcessInfo.processInfo.environment
        let user = environment["SUDO_USER"] ?? environment["USER"] ?? environment["LOGNAME"]
        let known = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) }
        return "\(user ?? known ?? "uid \(getuid())")@\(ProcessInfo.processInfo.hostName)"
    }
}
