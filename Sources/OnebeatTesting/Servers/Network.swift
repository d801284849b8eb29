import Foundation
import Glibc
import Synchronization

/// A network of a test's own, whose router can drop all that goes between one of its hosts and one of its servers, as a
/// broken cable or a firewall does: silently, and in the middle of a connection, too.
///
/// Each host is a network namespace without a name, and so is the router, which carries the servers' addresses. Nothing of
/// it touches the machine's own network, and the kernel removes a namespace with the last process in it. Whatever still
/// runs on a host ends with the test process, however that ends.
public final class Network: Sendable {
    /// What a parting drops.
    public enum Loss: String, Sendable, CaseIterable {
        /// All packets.
        case everything
        /// Those of the host; what the server had begun to say still arrives.
        case requests
        /// Those of the server: what the host asks for is done, and it never hears of that.
        case answers
    }

    /// An address, and the namespace in which one can listen on it.
    public struct Place: Sendable {
        /// As in `198.18.0.1`.
        public let address: String
        let namespace: String
    }

    /// Why there can be no such network here; `nil` where there can.
    public static let obstacle: String? = {
        guard geteuid() == 0 else { return "only root may make network namespaces" }
        guard ip != nil else { return "there is no `ip`; `scripts/prepare tests` installs it" }
        do {
            try ServerProcess.finish(["unshare", "--net", "true"])
            return nil
        } catch {
            return "network namespaces are not to be had: \(error)"
        }
    }()

    /// Where sbin may not be on the path, programs of it are still there.
    private static let ip = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private let hosts: [String]
    private let servers: [String]
    /// The processes that keep the hosts' namespaces, in the order of the hosts.
    private let keepers: [pid_t]
    private let router: ServerProcess

    /// Makes the network.
    /// - Throws: ``ServerFailure`` with the words of `ip` when that fails.
    public init(hosts: [String], servers: [String]) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("network-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let router = try ServerProcess(
            [
                "unshare", "--net", "sh", "-c", Self.script, "network", "\(folder)/keepers", "\(servers.count)",
                "\(hosts.count)",
            ], log: "\(folder)/log", removing: folder)
        var keepers: [pid_t]?
        while keepers == nil {
            let isRunning = router.isRunning
            let words = try? String(contentsOfFile: "\(folder)/keepers", encoding: .utf8)
            keepers = words?.split(separator: "\n").compactMap { pid_t($0) }
            guard isRunning || keepers != nil else {
                let log = (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? ""
                throw ServerFailure("the network did not come up: \(log)")
            }
            usleep(5000)
        }
        self.hosts = hosts
        self.servers = servers
        self.keepers = keepers ?? []
        self.router = router
    }

    /// Whether there is a host of that name.
    public func has(host: String) -> Bool { hosts.contains(host) }

    /// Where a server of that name listens.
    public func place(of server: String) throws -> Place {
        Place(address: try address(of: server), namespace: "/proc/\(router.processID)/ns/net")
    }

    /// What a command on a host begins with. The process that is started becomes the command's.
    public func on(_ host: String) throws -> [String] { ["nsenter", "--net=\(try namespace(of: host))", "--"] }

    /// Runs `body` as if on a host: the sockets it makes are that host's, wherever they are used later.
    public func on<Value: Sendable>(_ host: String, _ body: @escaping @Sendable () throws -> Value) throws -> Value {
        try Self.within(try namespace(of: host), body)
    }

    /// Drops what goes between a host and a server from now on.
    public func part(_ host: String, from server: String, losing loss: Loss = .everything) throws {
        try rule("add", host, server, loss)
    }

    /// Ends a parting that lost the same. What TCP tries again arrives now.
    public func mend(_ host: String, from server: String, losing loss: Loss = .everything) throws {
        try rule("del", host, server, loss)
    }

    private func rule(_ verb: String, _ host: String, _ server: String, _ loss: Loss) throws {
        let (far, near) = (try address(of: server), "198.18.\(try number(of: host)).2")
        let ways: [(from: String, to: String)] =
            switch loss {
            case .everything: [(near, far), (far, near)]
            case .requests: [(near, far)]
            case .answers: [(far, near)]
            }
        for way in ways {
            try ServerProcess.finish([
                "nsenter", "--net=/proc/\(router.processID)/ns/net", "--", Self.ip ?? "ip", "rule", verb, "pref", "10",
                "from", way.from, "to", way.to, "blackhole",
            ])
        }
    }

    private func address(of server: String) throws -> String {
        guard let index = servers.firstIndex(of: server) else { throw ServerFailure("there is no server \(server)") }
        return "198.18.0.\(index + 1)"
    }

    private func number(of host: String) throws -> Int {
        guard let index = hosts.firstIndex(of: host) else { throw ServerFailure("there is no host \(host)") }
        return index + 1
    }

    private func namespace(of host: String) throws -> String { "/proc/\(keepers[try number(of: host) - 1])/ns/net" }

    /// In a thread of its own, that ends with it: a thread that went somewhere else would make its next sockets there.
    static func within<Value: Sendable>(
        _ namespace: String, _ body: @escaping @Sendable () throws -> Value
    ) throws -> Value {
        let result = Mutex<Result<Value, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            let end = Result {
                try enter(namespace)
                return try body()
            }
            result.withLock { $0 = end }
            done.signal()
        }
        done.wait()
        return try result.withLock { $0 ?? .failure(ServerFailure("the thread said nothing")) }.get()
    }

    private static func enter(_ namespace: String) throws {
        // Looked up by its name, since Swift does not see what C shows only with `_GNU_SOURCE`.
        typealias Setns = @convention(c) (CInt, CInt) -> CInt
        guard let symbol = dlsym(nil, "setns") else { throw ServerFailure("there is no setns") }
        let file = open(namespace, O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        guard file >= 0, unsafeBitCast(symbol, to: Setns.self)(file, 0) == 0 else {
            throw ServerFailure("\(namespace) cannot be entered: \(String(cString: strerror(errno)))")
        }
    }

    /// Runs in the router's namespace. The table of local addresses is looked up after the rules of partings, which would
    /// else not be asked about what is for the router itself. 198.18.0.0/15 is set aside for tests of networks.
    private static let script = """
        set -e
        file=$1 servers=$2 hosts=$3 places=''
        PATH=$PATH:/usr/sbin:/sbin
        end() {
            set +e
            found=yes
            while [ -n "$found" ]; do
                found=''
                for process in /proc/[0-9]*; do
                    case "$places" in
                    *"<$(readlink "$process/ns/net")>"*) found=yes; kill -s KILL "${process#/proc/}" ;;
                    esac
                done
            done
        }
        trap end EXIT
        trap 'exit 0' TERM

        ip link set lo up
        ip rule add pref 1000 lookup local
        ip rule del pref 0
        number=0
        while [ $number -lt $servers ]; do
            number=$((number + 1))
            ip address add 198.18.0.$number/32 dev lo
        done
        own=$(readlink /proc/self/ns/net)
        number=0
        while [ $number -lt $hosts ]; do
            number=$((number + 1))
            unshare --net sleep infinity &
            keeper=$!
            while place=$(readlink /proc/$keeper/ns/net); [ "$place" = "$own" ]; do sleep 0.01; done
            places="$places<$place>"
            ip link add host$number type veth peer name lan netns $keeper
            ip address add 198.18.$number.1/30 dev host$number
            ip link set host$number up
            host="nsenter --net=/proc/$keeper/ns/net --"
            $host ip link set lo up
            $host ip address add 198.18.$number.2/30 dev lan
            $host ip link set lan up
            $host ip route add default via 198.18.$number.1
            echo $keeper >> "$file.new"
        done
        mv "$file.new" "$file"
        wait
        """
}
