import Foundation
import Onebeat
import OnebeatServer

/// What the doctor says of the configuration file and its jobs.
enum ConfigurationChecks {
    static func finding(on surroundings: Surroundings) -> Finding {
        guard let file = surroundings.file, let place = surroundings.place else {
            return .ok("file", "none; a node runs the jobs that `onebeat apply` stored")
        }
        let jobs = "\(file.jobs.count) job\(file.jobs.count == 1 ? "" : "s")"
        let text = "\(place.value) (\(place.origin)), \(jobs)"
        guard let first = file.warnings.first else { return .ok("file", text) }
        return .warn(
            "file", "\(text), \(file.warnings.count) warning\(file.warnings.count == 1 ? "" : "s")", first.summary)
    }

    /// What to say when the file or a setting cannot be used.
    static func finding(on failure: CommandFailure) -> Finding {
        let first = failure.problems.first?.prefix { !$0.isNewline } ?? ""
        let more = failure.problems.count - 1
        return .fail(
            "settings", first + (more > 0 ? ", and \(more) more" : ""),
            "mend it (`onebeat validate` shows all of a file); store and jobs are looked at after that")
    }

    /// What the file's jobs need of this machine and it does not have.
    static func jobFindings(on surroundings: Surroundings) -> [Finding] {
        (surroundings.file?.jobs ?? []).compactMap { job in
            switch job.work {
            case .shell(_, let settings): finding(on: job.name, program: nil, settings)
            case .command(let words, let settings): finding(on: job.name, program: words.first, settings)
            case .http, .celery, .handler, .alert, .signal, .unknown: nil
            }
        }
    }

    private static func finding(on job: String, program: String?, _ settings: ProcessSettings) -> Finding? {
        let check = "job \(job)"
        if let folder = settings.directory, !folder.contains("${") {
            var isFolder: ObjCBool = false
            if !FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) || !isFolder.boolValue {
                return .warn(check, "its dir \(folder) is not there", "create it before the job is due")
            }
        }
        if let user = settings.user {
            guard let entry = getpwnam(user) else {
                return .warn(check, "there is no user \(user) here", "create the user, or name another")
            }
            if geteuid() != 0, entry.pointee.pw_uid != geteuid() {
                return .warn(
                    check, "it runs as \(user), which takes a node that runs as root", "start the node as root")
            }
        }
        if let program, !program.contains("${"), !isFound(program, from: settings.directory) {
            return .warn(check, "its program \(program) is not found on this machine", "install it, or give its path")
        }
        return nil
    }

    private static func isFound(_ program: String, from folder: String?) -> Bool {
        let places: [String]
        if program.contains("/") {
            places = [program.hasPrefix("/") ? program : "\(folder ?? ".")/\(program)"]
        } else {
            let path = Surroundings.environment["PATH"] ?? "/usr/bin:/bin"
            places = path.split(separator: ":").map { "\($0)/\(program)" }
        }
        return places.contains { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
