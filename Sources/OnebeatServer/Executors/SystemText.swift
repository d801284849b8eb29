import CGuardian
import Glibc

/// What the system calls an error number, as in `No such file or directory (2)`.
func errorText(_ number: CInt) -> String {
    "\(String(cString: strerror(number))) (\(number))"
}

/// The name of a signal with its number, as in `SIGKILL (9)`.
func signalText(_ number: Int) -> String {
    guard let name = guardian_signal_name(CInt(number)) else { return "signal \(number)" }
    return "SIG\(String(cString: name)) (\(number))"
}
