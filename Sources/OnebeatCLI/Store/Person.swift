import Foundation

/// Who is at the keyboard, as events name the person.
enum Person {
    /// `anna@shop-1`, by the user that the system knows: variables such as `USER` and `SUDO_USER` say what anybody likes.
    /// Behind sudo that is root, and sudo's own log knows the rest.
    static var current: String {
        let user = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) }
        return "\(user ?? "uid \(getuid())")@\(ProcessInfo.processInfo.hostName)"
    }
}
