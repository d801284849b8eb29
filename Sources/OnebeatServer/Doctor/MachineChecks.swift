import Foundation
import Onebeat

/// What the doctor says of the machine.
package enum MachineChecks {
    package static func findings() -> [Finding] { [clock(), zones(), shell(), user()] }

    package static func listening(on address: ListenAddress) -> Finding {
        let port = "\(address)"
        guard address.port != 0 else { return .ok("listen", "\(address.host), on a port that is free") }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.host, "\(address.port)", &hints, &found) == 0, let place = found?.pointee else {
            return .fail("listen", "\(port): the host \(address.host) is unknown", "give --listen an address")
        }
        defer { freeaddrinfo(found) }
        let socket = socket(place.ai_family, place.ai_socktype, 0)
        defer { close(socket) }
        var isOn: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size))
        if bind(socket, place.ai_addr, place.ai_addrlen) == 0 {
            return address.isLoopback
                ? .ok("listen", "\(port) is free")
                : .warn(
                    "listen", "\(port) can be reached from other machines, and whoever reaches it can read",
                    "listen on 127.0.0.1, or keep others out with a firewall or a proxy")
        }
        if errno == EADDRINUSE {
            return .warn("listen", "\(port) is taken", "that is well if a node runs here; a second one needs --listen")
        }
        return .fail("listen", "\(port): \(String(cString: strerror(errno)))", "give --listen another address")
    }

    private static func clock() -> Finding {
        let now = SystemTime().now()
        if now < Timestamp(seconds: 1_735_689_600) {
            return .fail("clock", "it is \(now.wholeSecond) here, long past", "set the clock and start an NTP service")
        }
        let signs = [
            "/run/systemd/timesync/synchronized", "/run/chrony/chronyd.pid", "/run/chronyd.pid", "/run/ntpd.pid",
        ]
        guard signs.contains(where: FileManager.default.fileExists) else {
            return .warn(
                "clock", "\(now.wholeSecond), and no time service is seen here that keeps it in step",
                "start one, such as systemd-timesyncd or chrony; in a container the host's counts")
        }
        return .ok("clock", "\(now.wholeSecond), kept in step by a time service")
    }

    private static func zones() -> Finding {
        let zones = ZoneFiles.system
        guard let version = zones.version else {
            let hasZones = FileManager.default.fileExists(atPath: "\(zones.folder)/Europe/Berlin")
            return hasZones
                ? .ok("time zones", "\(zones.folder), of unknown release")
                : .warn(
                    "time zones", "none in \(zones.folder); only UTC works", "install tzdata, or point TZDIR at one")
        }
        let text = "\(zones.folder), release \(version)"
        let year = Int(version.prefix(4)) ?? 0
        let thisYear = Int("\(SystemTime().now())".prefix(4)) ?? 0
        guard year >= thisYear - 1 else {
            return .warn("time zones", text, "update tzdata: clocks may have been moved by law since then")
        }
        return .ok("time zones", text)
    }

    private static func shell() -> Finding {
        FileManager.default.isExecutableFile(atPath: "/bin/sh")
            ? .ok("shell", "/bin/sh")
            : .fail("shell", "there is no /bin/sh", "install one; jobs with `run` need it, those with `exec` do not")
    }

    private static func user() -> Finding {
        let uid = geteuid()
        let name = getpwuid(uid).map { String(cString: $0.pointee.pw_name) } ?? "uid \(uid)"
        if uid != 0 { return .ok("user", name) }
        return .ok("user", "\(name); jobs run as root too, but for those with `user`")
    }
}
