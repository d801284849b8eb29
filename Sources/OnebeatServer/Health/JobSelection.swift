import Onebeat

/// Which jobs somebody wants to see.
package struct JobSelection: Sendable, Equatable {
    /// Those whose names hold this text.
    package var text: String?
    /// Only those that need a look.
    package var needsLook = false
    /// Only those in one of these states; all when empty.
    package var states: Set<JobHealth.State> = []
    /// Only those with this tag.
    package var tag: String?
    /// Only those of this queue.
    package var queue: String?
    /// Only those of this owner.
    package var owner: String?

    package init() {}

    /// Whether names alone decide.
    package var isByName: Bool { !needsLook && states.isEmpty && tag == nil && queue == nil && owner == nil }

    /// Whether a job is one of them.
    package func fits(_ job: JobRecord, _ health: JobHealth) -> Bool {
        let definition = job.definition
        return (text.map(job.name.contains) ?? true) && (!needsLook || health.needsLook)
            && (states.isEmpty || states.contains(health.state)) && (tag.map(definition.tags.contains) ?? true)
            && (queue.map { $0 == definition.policies.queue } ?? true) && (owner.map { $0 == definition.owner } ?? true)
    }
}
