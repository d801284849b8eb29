import Onebeat

/// Reads the policies of a job, or of `defaults`.
enum PolicyReader {
    static let keys = [
        "overlap", "limit", "missed", "deadline", "catch_up", "retry", "timeout", "delivery", "priority", "queue",
        "expect", "trigger_rule",
    ]

    /// The policies of the map; what it leaves out is as in `base`.
    static func read(_ map: MapReader, over base: JobPolicies) -> JobPolicies {
        var policies = base
        overlap(map, &policies)
        if let limit = map.value("limit", Read.integer(1...Int.max)) { policies.limit = limit }
        if let missed = map.value("missed", Read.choice(of: MissedPolicy.self)) { policies.missed = missed }
        if let deadline = map.value("deadline", Read.positiveLength) { policies.deadline = deadline }
        if let catchUp = map.value("catch_up", Read.integer(0...10_000)) { policies.catchUp = catchUp }
        if let timeout = map.value("timeout", Read.optional(Read.positiveLength)) { policies.timeout = timeout }
        if let delivery = map.value("delivery", Read.choice(of: Delivery.self)) { policies.delivery = delivery }
        if let priority = map.value("priority", Read.integer(-1000...1000)) { policies.priority = priority }
        if let queue = map.value("queue", queue) { policies.queue = queue }
        if let expect = map.value("expect", Read.positiveLength) { policies.expect = expect }
        if let rule = map.value("trigger_rule", Read.choice(of: TriggerRule.self)) { policies.triggerRule = rule }
        policies.retry = retry(map, over: base.retry)
        if map.has("catch_up"), policies.missed != .all {
            map.warning(
                "has no effect while missed is \(policies.missed.rawValue); it bounds missed: all", key: "catch_up")
        }
        return policies
    }

    /// `overlap: {flow: skip}` skips a root's run also while the rest of an earlier flow is open.
    private static func overlap(_ map: MapReader, _ policies: inout JobPolicies) {
        guard case .mapping? = map.node("overlap") else {
            guard let overlap = map.value("overlap", Read.choice(of: OverlapPolicy.self)) else { return }
            (policies.overlap, policies.overlapScope) = (overlap, .run)
            return
        }
        guard let inner = map.map("overlap", keys: ["flow"]) else { return }
        guard inner.has("flow") else {
            map.problem("flow is missing, as in {flow: skip}", key: "overlap")
            return
        }
        if inner.value("flow", Read.choice(of: OverlapPolicy.self)) == .skip {
            (policies.overlap, policies.overlapScope) = (.skip, .flow)
        } else if let text = inner.value("flow", Read.words) {
            inner.problem("is \(quoted(text)); a whole flow can be looked at as {flow: skip} only", key: "flow")
        }
    }

    /// `retry: 3` is short for `retry: {limit: 3}`.
    private static func retry(_ map: MapReader, over base: RetryPolicy) -> RetryPolicy {
        var retry = base
        if case .scalar? = map.node("retry") {
            if let limit = map.value("retry", Read.integer(0...1000)) { retry.limit = limit }
            return retry
        }
        guard let inner = map.map("retry", keys: ["limit", "backoff", "max", "jitter"]) else { return retry }
        if let limit = inner.value("limit", Read.integer(0...1000)) { retry.limit = limit }
        if let backoff = inner.value("backoff", Read.positiveLength) { retry.backoff = backoff }
        if let max = inner.value("max", Read.positiveLength) { retry.max = max }
        if let jitter = inner.value("jitter", Read.share) { retry.jitter = jitter }
        if retry.backoff > retry.max {
            inner.problem(
                "the first pause, \(retry.backoff.text), is longer than the longest, \(retry.max.text); raise max",
                key: inner.has("backoff") ? "backoff" : "max")
        }
        return retry
    }

    private static func queue(_ node: YAMLNode) throws(Misfit) -> String {
        let name = try Read.name(node)
        guard name.utf8.count <= 100 else { throw Misfit("is longer than 100 characters") }
        return name
    }
}
