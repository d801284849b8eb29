import Foundation

/// The figures of this process, under the names that Prometheus' own clients use. What cannot be read is left out;
/// outside Linux that is all but the processor time.
enum ProcessMetrics {
    static func write(to text: inout PrometheusText) {
        text.single("process_cpu_seconds_total", .counter, value: processorSeconds())
        if let count = openDescriptors() { text.single("process_open_fds", .gauge, value: Double(count)) }
        if let bytes = residentBytes() { text.single("process_resident_memory_bytes", .gauge, value: Double(bytes)) }
        if let start { text.single("process_start_time_seconds", .gauge, value: start) }
    }

    static func residentBytes() -> Int? {
        guard let pages = words("/proc/self/statm").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func openDescriptors() -> Int? {
        // One of them is the descriptor that reads the folder.
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count).map { $0 - 1 }
    }

    /// Read once: it cannot change.
    private static let start: Double? = {
        // The name of the program, second on the line, may hold spaces; it ends with the last parenthesis.
        guard let line = contents("/proc/self/stat"), let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[end...].split(separator: " ")
        guard fields.count > 20, let ticks = Double(fields[20]),
            let boot = contents("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let bootedAt = Double(boot.dropFirst("btime ".count))
        else { return nil }
        return bootedAt + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }()

    private static func words(_ path: String) -> [Substring] {
        contents(path)?.split(whereSeparator: \.isWhitespace) ?? []
    }

    private static func contents(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
