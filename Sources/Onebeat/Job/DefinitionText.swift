import Synchronization

/// Definitions as the text that stores keep: JSON with the keys of the configuration, written by hand so that a person can
/// read it and the compiler has no say in it.
///
/// `format` names the form. A later version may write keys that this one does not know: they are kept, and written back.
/// A text that cannot be read is the trouble of its job alone: reading never fails, and says why instead.
package enum DefinitionText {
    /// The form that this version writes. What version 0.1 wrote has no number, and is the first.
    static let format: Int64 = 2

    package static func encode(_ definition: JobDefinition) throws -> String {
        StoredDefinition.write(definition).compactText
    }

    /// What was read lately. The same text is the same definition for ever, and pages that speak of all jobs read the same ten
    /// thousand texts again and again: reading them took nine tenths of the time.
    private static let known = Mutex<[Known: JobDefinition]>([:])
    private static let mostKnown = 20_000
    private static let longestKnown = 4096

    private struct Known: Hashable {
        var job: String
        var text: String
    }

    /// The definition of `job` that `text` holds; one with a ``JobDefinition/trouble`` where it holds none that can be read.
    package static func decode(_ text: String, of job: String) -> JobDefinition {
        guard text.utf8.count <= longestKnown else { return read(text, of: job) }
        let key = Known(job: job, text: text)
        if let definition = known.withLock({ $0[key] }) { return definition }
        let definition = read(text, of: job)
        known.withLock { known in
            if known.count >= mostKnown { known.removeAll(keepingCapacity: true) }
            known[key] = definition
        }
        return definition
    }

    private static func read(_ text: String, of job: String) -> JobDefinition {
        do {
            guard let value = try? JSONValue(json: Array(text.utf8)) else {
                throw StoredFormError("it is no JSON")
            }
            let isOfOldForm = value.members?["format"] == nil
            let definition = try isOfOldForm ? FirstForm.read(value) : StoredDefinition.read(value)
            guard definition.name == job else { throw StoredFormError("it is that of another job") }
            return definition
        } catch {
            return JobDefinition(unreadable: job, since: "\(error)")
        }
    }
}

extension JobDefinition {
    /// What stands for a definition whose stored text cannot be read: due never, and done by nobody.
    package init(unreadable job: String, since why: String) {
        self.init(name: job, schedule: .manual, work: .unknown("unreadable"))
        trouble = """
            its stored definition cannot be read by Onebeat \(OnebeatVersion.current): \(why); upgrade this node if a newer one \
            wrote it, or apply the job's file again
            """
    }
}
