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
        return fits(job.name, definition.tags, definition.policies.queue, definition.owner, health.state)
    }

    /// Whether a job that a resource tells of is one of them.
    package func fits(_ job: JobResource) -> Bool {
        fits(job.name, job.tags, job.policies.queue, job.owner, job.health.state)
    }

    private func fits(
        _ name: String, _ tags: [String], _ queue: String, _ owner: String?, _ state: JobHealth.State
    ) -> Bool {
        (text.map(name.contains) ?? true) && (!needsLook || state.needsLook)
            && (states.isEmpty || states.contains(state)) && (tag.map(tags.contains) ?? true)
            && (self.queue.map { $0 == queue } ?? true) && (self.owner.map { $0 == owner } ?? true)
    }
}
