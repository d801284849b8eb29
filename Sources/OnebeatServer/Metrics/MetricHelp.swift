/// What each figure means, for the `HELP` lines. Sentences hold no backslash and no line break.
enum MetricHelp {
    static let sentences: [String: String] = [
        "onebeat_attempts_repeated_total": "Attempts that ended and whose run is tried again, by reason.",
        "onebeat_build_info": "Always 1; the version of this node is a label.",
        "onebeat_clock_skew_seconds": "How far the store's clock is ahead of this node's.",
        "onebeat_jobs": "Jobs in the store by how they are (see onebeat status).",
        "onebeat_jobs_needing_a_look": "Jobs that did not lately do what they are for.",
        "onebeat_leader": "Whether this node leads, 1 or 0.",
        "onebeat_lease_trusted_seconds": "How long the node's lease could be trusted when it was last renewed.",
        "onebeat_metrics_refused_total": "Series that were not kept, since a name had too many or two kinds.",
        "onebeat_ready": "Whether this node holds a lease it can trust and takes work, 1 or 0.",
        "onebeat_run_duration_seconds": "How long the last attempts of ended runs took.",
        "onebeat_run_lateness_seconds": "How long after its due time the first attempt of a run started.",
        "onebeat_runs": "Runs in the store by state; ended ones within the kept history.",
        "onebeat_runs_total": "Runs that this node ended, by outcome.",
        "onebeat_settlements_refused_total": "Reports refused because another attempt holds the run.",
        "onebeat_slots": "How many runs this node runs at one time at most.",
        "onebeat_watches": "How many tasks of somebody else's workers this node watched when it last reached for work.",
        "onebeat_slots_busy": "How many of the node's slots were taken when it last reached for work.",
        "onebeat_store_latency_seconds": "How long the store took to renew the node's lease.",
        "onebeat_store_up": "Whether the store answered when this page asked, 1 or 0.",
        "onebeat_turns_failed_total": "Turns of a loop that failed and came again after a pause, by loop.",
        "process_cpu_seconds_total": "Processor time this process used, in user and system mode.",
        "process_open_fds": "Open file descriptors of this process.",
        "process_resident_memory_bytes": "Memory of this process that is resident.",
        "process_start_time_seconds": "When this process started, in seconds since 1970.",
    ]
}
