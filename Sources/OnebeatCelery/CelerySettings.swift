// OnebeatCelery: tasks for the workers of a Celery application, over the Redis that is its broker. The workers know nothing
// of us: what is pushed is the message that Celery itself would push, and what is read is the result that they write.
//
// One call of a script in the broker compares the attempt's fence, guards the occurrence and pushes, so that nothing is
// sent twice whatever a node does. Who watches a task does none of it: another node may watch it on.

import Onebeat
import OnebeatRedis

/// What the nodes are told of a Celery application: the same as its own settings say.
package struct CelerySettings: Sendable, Hashable {
    /// Where messages go: the application's `broker_url`.
    package var broker: RedisAddress
    /// Where results come from: the application's `result_backend`.
    package var results: RedisAddress
    /// What the broker's keys get in front: `broker_transport_options["global_keyprefix"]`.
    package var prefix = ""
    /// What the keys of results get in front: `result_backend_transport_options["global_keyprefix"]`.
    package var resultsPrefix = ""
    /// The steps of priorities, from 0 up: `broker_transport_options["priority_steps"]`.
    package var prioritySteps = [0, 3, 6, 9]
    /// What stands between a queue's name and its step: `broker_transport_options["sep"]`.
    package var separator = "\u{6}\u{16}"
    /// The queue of tasks that name none: `task_default_queue`.
    package var queue = "celery"

    package init(broker: RedisAddress, results: RedisAddress) {
        self.broker = broker
        self.results = results
    }

    /// The list that a worker takes messages of this priority from.
    package func list(of queue: String, priority: Int) -> String {
        let step = prioritySteps.last { $0 <= priority } ?? 0
        return step == 0 ? prefix + queue : "\(prefix)\(queue)\(separator)\(step)"
    }

    /// A list for people: its queue, and the step of its priority where that is not the first.
    package func words(ofList list: String) -> String {
        let name = list.hasPrefix(prefix) ? String(list.dropFirst(prefix.count)) : list
        let step = prioritySteps.last { $0 > 0 && name.hasSuffix("\(separator)\($0)") }
        let queue = step.map { String(name.dropLast("\(separator)\($0)".count)) } ?? name
        let printed = queue.unicodeScalars.map { $0.properties.generalCategory == .control ? "·" : String($0) }
        return printed.joined() + (step.map { ", priority \($0)" } ?? "")
    }

    /// Where the workers listen for what concerns all of them.
    package var controlChannel: String { "\(prefix)/\(broker.database).celery.pidbox" }

    /// What keeps an occurrence from being sent twice.
    func guardKey(of task: String) -> String { "\(prefix)onebeat:celery:\(task)" }

    /// Where the state of a task is kept, and told of under the same name.
    package func resultKey(of task: String) -> String {
        var prefix = resultsPrefix
        if let last = prefix.last, !":_-.".contains(last) { prefix += "_" }
        return "\(prefix)celery-task-meta-\(task)"
    }
}
