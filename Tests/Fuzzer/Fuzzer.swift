import Foundation
import Glibc

// The fuzzer: bytes that nobody meant, for everything of ours that reads bytes of somebody else. Each input follows from the
// seed and its number alone, so that any one can be made again. The inputs of a target are read in a process of their own;
// each lies in memory that this one shares before it is read, so that whatever ends that process, or keeps it busy,
// is known, shown and written to a file.

/// `onebeat-fuzz [TARGET…] [--inputs N] [--seconds S] [--seed N] [--replay FILE] [--folder PATH]`
@main
struct Fuzzer {
    static func main() {
        var options = Options()
        guard options.read(Array(CommandLine.arguments.dropFirst())) else {
            print("usage: onebeat-fuzz [TARGET…] [--inputs N] [--seconds S] [--seed N] [--replay FILE] [--folder PATH]")
            print("targets: \(Target.all.map(\.name).joined(separator: " "))")
            exit(64)
        }
        if let place = options.child {
            Reading(options, place).run()
            exit(0)
        }
        var isClean = true
        for target in options.targets where !Watch(options, target).run() { isClean = false }
        exit(isClean ? 0 : 1)
    }
}

/// What the fuzzer was told.
struct Options {
    var targets = Target.all
    var inputs: UInt64 = .max
    var seconds = 5.0
    var seed = UInt64(1)
    var replay: String?
    /// Where inputs that end badly are kept.
    var folder = FileManager.default.temporaryDirectory.path
    /// Of a process that reads: the file that it shares with the one that watches.
    var child: String?
    var from = UInt64(0)

    mutating func read(_ words: [String]) -> Bool {
        var names: [String] = []
        var rest = words[...]
        var isTimed = false
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                names.append(word)
                continue
            }
            guard let value = rest.popFirst() else { return false }
            switch word {
            case "--inputs":
                inputs = UInt64(value) ?? 0
                if !isTimed { seconds = .infinity }
            case "--seconds": (seconds, isTimed) = (Double(value) ?? 1, true)
            case "--seed": seed = UInt64(value) ?? 1
            case "--replay": replay = value
            case "--folder": folder = value
            case "--child": child = value
            case "--from": from = UInt64(value) ?? 0
            default: return false
            }
        }
        if !names.isEmpty { targets = names.compactMap { name in Target.all.first { $0.name == name } } }
        return names.isEmpty || targets.count == names.count
    }
}

/// Memory that two processes share through a file: the number of the input that is being read, and the input.
struct Slate {
    static let most = 1 << 20
    private static let head = 32
    private let base: UnsafeMutableRawPointer

    init?(_ path: String) {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        guard file >= 0, ftruncate(file, off_t(Self.head + Self.most)) == 0,
            let base = mmap(nil, Self.head + Self.most, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
            base != MAP_FAILED
        else { return nil }
        self.base = base
    }

    /// How many inputs were read to their end.
    var done: UInt64 {
        get { base.load(as: UInt64.self) }
        nonmutating set { base.storeBytes(of: newValue, as: UInt64.self) }
    }

    /// The number of the input that is being read.
    var number: UInt64 { base.load(fromByteOffset: 8, as: UInt64.self) }

    var input: [UInt8] {
        let count = min(base.load(fromByteOffset: 16, as: Int.self), Self.most)
        return Array(UnsafeRawBufferPointer(start: base + Self.head, count: count))
    }

    func write(_ input: [UInt8], number: UInt64) {
        input.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress { memcpy(base + Self.head, start, min(bytes.count, Self.most)) }
        }
        base.storeBytes(of: min(input.count, Self.most), toByteOffset: 16, as: Int.self)
        base.storeBytes(of: number, toByteOffset: 8, as: UInt64.self)
    }
}

/// The process that reads.
struct Reading {
    private let options: Options
    private let place: String

    init(_ options: Options, _ place: String) {
        self.options = options
        self.place = place
    }

    func run() {
        guard let slate = Slate(place), let target = options.targets.first else { exit(70) }
        let read = target.prepare()
        if let file = options.replay {
            let input = FileManager.default.contents(atPath: file).map { Array($0) } ?? []
            slate.write(input, number: 0)
            read(input)
            slate.done = 1
            return
        }
        let mutation = Mutation(target, seed: options.seed)
        let end = Date().addingTimeInterval(options.seconds)
        var number = options.from
        while number < options.inputs {
            if Date() >= end { break }
            let input = mutation.input(number)
            slate.write(input, number: number)
            read(input)
            number += 1
            slate.done = number
        }
    }
}

/// The process that watches one target's reading.
struct Watch {
    /// An input that takes so much of a processor's time hangs.
    private static let longest = 10.0
    /// After so many bad inputs a target is left.
    private static let most = 3

    private let options: Options
    private let target: Target

    init(_ options: Options, _ target: Target) {
        self.options = options
        self.target = target
    }

    /// - Returns: whether every input was read well.
    func run() -> Bool {
        let place = "\(options.folder)/fuzz-\(target.name)-\(getpid())"
        defer { unlink(place) }
        guard let slate = Slate(place) else {
            print("\(target.name): \(place) cannot be made")
            return false
        }
        let start = Date()
        var bad = 0
        var from = UInt64(0)
        while bad < Self.most {
            let left = options.seconds - Date().timeIntervalSince(start)
            guard left > 0, from < options.inputs else { break }
            guard let trouble = read(slate, place, from: from, seconds: left) else { break }
            bad += 1
            report(slate, trouble)
            from = slate.number + 1
            if options.replay != nil { break }
        }
        let seconds = Date().timeIntervalSince(start)
        let count = slate.done
        print(
            "\(target.name): \(count) inputs in \(Int(seconds)) s (\(Int(Double(count) / max(seconds, 0.001)))/s),"
                + " \(bad == 0 ? "all well" : "\(bad) bad"), seed \(options.seed)")
        return bad == 0
    }

    /// - Returns: what went wrong, if anything did.
    private func read(_ slate: Slate, _ place: String, from: UInt64, seconds: Double) -> String? {
        var words = [
            "/proc/self/exe", target.name, "--child", place, "--seed", "\(options.seed)", "--from", "\(from)",
            "--inputs", "\(options.inputs)", "--seconds", "\(seconds)",
        ]
        if let file = options.replay { words += ["--replay", file] }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        // A trap's own story takes seconds, and says less than the input.
        setenv("SWIFT_BACKTRACE", "enable=no", 1)
        var pid = pid_t()
        guard posix_spawn(&pid, "/proc/self/exe", nil, nil, &arguments, environ) == 0 else { return "not started" }
        var status: CInt = 0
        var seen = (number: UInt64.max, cpu: 0.0)
        while waitpid(pid, &status, WNOHANG) == 0 {
            usleep(20_000)
            let now = (number: slate.number, cpu: Self.cpu(of: pid))
            if now.number != seen.number { seen = now }
            if now.cpu - seen.cpu > Self.longest {
                kill(pid, SIGKILL)
                waitpid(pid, &status, 0)
                return "took more than \(Int(Self.longest)) s of a processor"
            }
        }
        if status == 0 { return nil }
        return status & 0x7f == 0 ? "ended with \(status >> 8 & 0xff)" : "ended by signal \(status & 0x7f)"
    }

    /// Seconds that a process has had of a processor.
    private static func cpu(of pid: pid_t) -> Double {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let rest = text.split(separator: ")").last?.split(separator: " "), rest.count > 12
        else { return 0 }
        return ((Double(rest[11]) ?? 0) + (Double(rest[12]) ?? 0)) / Double(sysconf(CInt(_SC_CLK_TCK)))
    }

    private func report(_ slate: Slate, _ trouble: String) {
        let file = "\(options.folder)/bad-\(target.name)-\(options.seed)-\(slate.number)"
        _ = FileManager.default.createFile(atPath: file, contents: Data(slate.input))
        print(
            "\(target.name): input \(slate.number) of seed \(options.seed) \(trouble); again: onebeat-fuzz \(target.name) --replay \(file)"
        )
        print("  \(String(decoding: slate.input.prefix(2000), as: UTF8.self).debugDescription)")
        if slate.input.count <= 512 { print("  base64 \(Data(slate.input).base64EncodedString())") }
    }
}
