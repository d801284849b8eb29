extension Chinese {
    /// The sentences of `explain`, by which pages say why a job did what it did. What stands between backticks is code.
    static let reports = schedule.merging(signals) { $1 }.merging(start) { $1 }.merging(end) { $1 }

    /// Of a job, and of moments at which there is no run of it.
    private static let schedule = [
        "The job has not been due since it was stored.": "该作业自存储以来尚未到期。",
        "No word of the job has come since it was stored.": "该作业自存储以来尚无任何消息。",
        "No run of it is kept.": "没有保留它的任何运行。",
        "The job is not in force: it was removed by {} at {}. What follows goes by its last definition.":
            "该作业已失效：由 {} 于 {} 删除。以下按其最后的定义说明。",
        "Its lock {} ends by itself after {}; it is extended while a run goes on.":
            "它的锁 {} 在 {} 后自行失效；运行进行时会不断延长。",
        "`onebeat signal {} success` tells of a run that ended well.": "`onebeat signal {} success` 报告一次成功的运行。",
        "It runs on the event \"{}\": `onebeat emit {}`.": "它在事件“{}”发生时运行：`onebeat emit {}`。",
        "It sends a message when there is something to tell; `onebeat alerts test {}` sends a sample.":
            "有事要通知时它才发送消息；`onebeat alerts test {}` 发送示例。",
        "It runs by hand only: `onebeat trigger {}`.": "它只能手动运行：`onebeat trigger {}`。",
        "It is due {}.": "到期时间：{}。",
        "It is due {}; the run before has not ended yet.": "到期时间：{}；上一次运行尚未结束。",
        "It will not be due again: {}.": "它不会再到期：{}。",
        "It is next due at {}, {}.": "下次到期：{}（{}）。",
        "No node is up now, or none can write to the store: nothing starts until one can (`onebeat up`, `onebeat doctor`).":
            "目前没有在线节点，或没有节点能写入存储：在此之前不会启动任何运行（`onebeat up`、`onebeat doctor`）。",
        ", by {} at {}": "（{} 于 {}）",
        "The job is paused{}: what falls due is recorded as skipped until `onebeat resume {}`.":
            "该作业已暂停{}：在执行 `onebeat resume {}` 之前，到期的运行都记为跳过。",
        "The job is paused{}: nobody is told where word of it does not come, until `onebeat resume {}`.":
            "该作业已暂停{}：在执行 `onebeat resume {}` 之前，即使没有收到消息也不会通知任何人。",
        "The job is paused{}: what is asked for by hand runs nonetheless; `onebeat resume {}` ends that.":
            "该作业已暂停{}：手动请求的运行仍会启动；`onebeat resume {}` 结束暂停。",
        "The job is paused{}: nothing is told by it until `onebeat resume {}`.":
            "该作业已暂停{}：在执行 `onebeat resume {}` 之前，它不会通知任何事。",
        "The job will be due at {}, {}: {}.": "该作业将于 {} 到期（{}）：{}。",
        "The job was stored at {}, after that moment; a job's first fire is the first due instant after it was stored.":
            "该作业于 {} 存储，晚于那一时刻；作业的首次触发是存储之后的第一个到期时刻。",
        "The job's present schedule is due at {}, but there is no row for that instant.":
            "按作业当前的计划，{} 应到期，但该时刻没有记录。",
        "1 living node": "1 个存活节点", "{} living nodes": "{} 个存活节点",
        "No node is up to plan it. When one is, `missed: {}` decides what becomes of it; start one with `onebeat up`.":
            "没有在线节点来计划它。有节点后由 `missed: {}` 决定如何处理；用 `onebeat up` 启动一个。",
        "It is past what is planned so far ({}); the leader among {} should plan it within seconds.":
            "它在目前已计划的范围（{}）之后；{}中的领导者应在数秒内计划它。",
        "The definition was changed by {} at {}; the one in force before need not have been due then.":
            "定义由 {} 于 {} 更改；此前生效的定义当时未必到期。",
        "Rows are removed after the node's `keep`; it may have been one of them.": "超过节点 `keep` 期限的记录会被删除；它可能就在其中。",
        "No word of the job came at {}, and it is not started here: it runs {}.":
            "{} 时没有收到该作业的消息，它也不在此处启动；运行方式：{}。",
        "The job is not due at {}: it is due {}.": "该作业在 {} 不到期；到期时间：{}。",
        "It is due when the job's own clock, {}, shows that time: at {}{}.": "当作业自己的时钟（{}）显示该时间时到期：{}{}。",
        "A run was asked for near that, at {}: {}.": "在那前后有一次请求的运行，时间 {}：{}。",
        "The job was stored only at {}, and was due at no instant before.": "该作业于 {} 才存储，此前没有到期时刻。",
        "; {}": "；{}", ": {}": "：{}",
        "The clocks change near that moment: {}.": "时钟在那一时刻附近变更：{}。",
        "The due instant before is {}{}.": "之前的到期时刻是 {}{}。", "The one after is {}{}.": "之后的到期时刻是 {}{}。",
        "Run {}, due at {}, was running then.": "当时运行 {}（到期于 {}）正在进行。",
        "The schedule starts at {}.": "该计划从 {} 开始。", "The schedule ended at {}.": "该计划已于 {} 结束。",
        "`except` takes that instant away ({}).": "`except` 排除了该时刻（{}）。",
        "On the job's clock, {}, that is {}.": "按作业的时钟（{}），那是 {}。",
        "run {}, {}{}{}": "运行 {}，{}{}{}",
    ]

    /// Of word that is expected of what runs elsewhere.
    private static let signals = [
        "A success is expected at {}, {}, {} late at most.": "预计 {}（{}）收到成功的消息，最多可迟 {}。",
        "A success was expected at {}, and may come until {}.": "成功的消息预计于 {} 到达，最迟可到 {}。",
        "A success was expected at {}, {} late at most: it is {} late.": "成功的消息预计于 {} 到达，最多可迟 {}：现已迟 {}。",
        "The last success came at {}.": "上一次成功的消息于 {} 到达。", "No success ever came.": "从未收到成功的消息。",
        "The job was stored only at {}, and no word was expected before.": "该作业于 {} 才存储，此前不预期任何消息。",
        "The success before came at {}.": "此前一次成功的消息于 {} 到达。",
        "No success from before is known.": "此前没有已知的成功。",
        "One was expected at {}, {} late at most.": "预计于 {} 收到一次成功，最多可迟 {}。",
        "It came at {}, in time.": "它于 {} 到达，没有迟到。",
        "It was missed: word came only at {}, {} late.": "它被错过：消息于 {} 才到达，迟了 {}。",
        "Word of a success has come since, the last at {}.": "此后收到过成功的消息，最近一次于 {}。",
        "It was missed: none has come, and it is {} late.": "它被错过：没有收到消息，已迟 {}。",
        "None has come yet; it may come until {}.": "尚未收到；最迟可到 {}。",
    ]

    /// Of runs, until they start.
    private static let start = [
        "It is in a state that a newer Onebeat wrote and this one does not know; upgrade to see more.":
            "它的状态由更新版本的 Onebeat 写入，本版本不认识；升级后可查看更多。",
        "It follows version {} of the definition; version {} is in force.": "它依据定义的第 {} 版；当前生效的是第 {} 版。",
        "It is for element {} of {}, counted from 0.": "它处理 {2} 的第 {1} 个元素（从 0 数起）。",
        " by {}": "（由 {}）", " at {}": "（于 {}）", " on node {}": "（节点 {}）", " after {}": "（用时 {}）", " of {}": "（{}）",
        "Run {} was told of{} at {}; it runs elsewhere.": "运行 {} 由外部报告{}，时间 {}；它在别处运行。",
        "Run {} makes up for {}, by a backfill ({}).": "运行 {1} 由补跑（{3}）补上 {2}。",
        "Run {} was asked for by hand, for {} ({}).": "运行 {} 为 {} 手动请求（{}）。",
        "Run {} was asked for by hand at {}.": "运行 {} 于 {} 手动请求。",
        "Run {} was asked for by hand at {}, to send a sample.": "运行 {} 于 {} 手动请求，用于发送示例。",
        "Run {} was made at {} to send message {}, of what was found then: `onebeat alerts` lists it.":
            "运行 {} 于 {} 建立，用于发送消息 {}，内容是当时发现的事：`onebeat alerts` 可列出。",
        "Run {} was made at {} to send message {} to those whom the mail server had refused.":
            "运行 {} 于 {} 建立，用于向邮件服务器曾拒收的收件人发送消息 {}。",
        "Run {} was started at {} by the event \"{}\".": "运行 {} 于 {} 由事件“{}”启动。",
        "{} due instants from {} to {} are recorded in one row, run {}.": "从 {2} 到 {3} 的 {1} 个到期时刻合记为一条，运行 {4}。",
        "Run {} was due at {}.": "运行 {} 于 {} 到期。", "`spread` puts its start off to {}.": "`spread` 将其启动推迟到 {}。",
        "It is planned and starts {}.": "它已列入计划，{}启动。",
        "It has been due for {} and has not started.": "它到期已有 {}，尚未启动。",
        "It may start until {}; after that it is recorded as missed.": "它最迟可在 {} 启动；此后记为错过。",
        "It stands for all elements of {}, whose runs it waits for; `onebeat flow {}` shows how they stand.":
            "它代表 {} 的所有元素，等待它们的运行；`onebeat flow {}` 显示其状态。",
        "It follows {} in flow {} and starts by `trigger_rule: {}`; `onebeat flow {}` shows how they stand.":
            "它在流程 {2} 中跟随 {1}，按 `trigger_rule: {3}` 启动；`onebeat flow {4}` 显示其状态。",
        "The worker of attempt {} vanished, so it is to be started again.": "第 {} 次尝试的执行节点消失，因此将重新启动。",
        "Attempt {} was handed back by its node, so it is to be started again.": "第 {} 次尝试被节点交回，因此将重新启动。",
        "Attempt {} failed{}; {} more may follow.": "第 {} 次尝试失败{}；最多还可重试 {} 次。",
        "The next attempt starts {}.": "下一次尝试：{}启动。", "It waits: {}.": "它在等待：{}。",
        "No living node serves its queue \"{}\" (they serve {}); start one with `onebeat up --queue {}`.":
            "没有存活节点服务其队列“{}”（它们服务 {}）；用 `onebeat up --queue {}` 启动一个。",
        "No living node serves any queue; start one that does with `onebeat up --queue {}`.":
            "没有存活节点服务任何队列；用 `onebeat up --queue {}` 启动一个。",
        "It is held: {}. `needs` lets it go when that has succeeded.": "它被挂起：{}。成功后 `needs` 会放行。",
        "{}; `overlap: {}` lets it wait until that lock is free.": "{}；`overlap: {}` 让它等到该锁释放。",
        "Run {} of the job is still running; `overlap: {}` lets this one wait.":
            "该作业的运行 {} 仍在进行；`overlap: {}` 让本次运行等待。",
        "It lost {} workers beside other runs, so it starts where nothing else runs, or {} after it is due: alone, it shows whether it is what ends them.":
            "它与其他运行同处时失去了 {} 个执行节点，因此在没有其他运行的地方启动，或在到期 {} 后启动：单独运行可看出是否由它造成。",
        "A node that serves it will claim it within a second: {} of {} slots are taken.":
            "服务它的节点会在一秒内认领：{2} 个槽位中有 {1} 个被占用。",
        "The only slot of queue \"{}\" is taken by run {} of job {}, since {}.":
            "队列“{1}”唯一的槽位自 {4} 起被作业 {3} 的运行 {2} 占用。",
        "All {} slots of queue \"{}\" are taken; longest by run {} of job {}, since {}. That job has {} of them.":
            "队列“{2}”的全部 {1} 个槽位都被占用；占用最久的是作业 {4} 的运行 {3}，自 {5} 起。该作业占用其中 {6} 个。",
        "It is running: for {}, since {}.": "它正在运行：已有 {}，自 {} 起。",
        "The newest word on its task: {}.": "关于其任务的最新消息：{}。",
        "The work has been handed over since {}: what falls due waits until `onebeat take-over` has come to its end.":
            "自 {} 起正在交接工作：到期的运行会等待，直到 `onebeat take-over` 完成。",
        "It is open since {}: no word of its end has come.": "它自 {} 起尚未结束：还没有收到结束的消息。",
        "That word was to come by {}: it is {} late.": "该消息最迟应在 {} 到达：已迟 {}。",
        "Someone asked to cancel it; its worker stops it.": "有人请求取消它；执行节点正在停止它。",
        "It is stopped at {} if it has not ended (timeout: {}).": "若到 {} 仍未结束，它将被停止（timeout: {}）。",
        "Attempt {} {}.": "第 {} 次尝试{}。", "Attempt {} was started at {} on node {}.": "第 {} 次尝试于 {} 在节点 {} 上启动。",
        "It started on time{}, at {}.": "它按时启动{}，时间 {}。", "It started {} late{}, at {}.": "它迟了 {} 启动{}，时间 {}。",
        "Run {} of the job was still active when it was due, and `overlap: {}` let it wait.":
            "到期时该作业的运行 {} 仍在进行，`overlap: {}` 让它等待。",
        "Of the nodes that were up before, none is known to have been up when it was due; the next one joined at {}: it started when the outage was over.":
            "之前在线的节点中，没有一个已知在到期时在线；下一个节点于 {} 加入：中断结束后它才启动。",
        "The earliest node known to have been up by then joined at {}, after it was due.":
            "已知当时在线的最早节点于 {} 加入，晚于到期时刻。",
        "It had been put off to {}.": "它曾被推迟到 {}。",
        "The only slot of queue \"{}\" was taken then by run {} of job {}, until {}.":
            "当时队列“{1}”唯一的槽位被作业 {3} 的运行 {2} 占用，直到 {4}。",
        "All {} slots of queue \"{}\" were taken then; the first to end was run {} of job {}, at {}.":
            "当时队列“{2}”的全部 {1} 个槽位都被占用；最先结束的是作业 {4} 的运行 {3}，时间 {5}。",
        "Nodes were up, and the rows do not say more: all slots taken, a store that could not be reached, or a node that was frozen are the usual causes. `onebeat events` and `onebeat runs` around {} tell.":
            "当时有节点在线，记录中没有更多信息：常见原因是槽位占满、存储无法访问，或节点被冻结。可查看 {} 前后的 `onebeat events` 和 `onebeat runs`。",
    ]

    /// Of runs that have ended.
    private static let end = [
        "It stands for all elements of {}, and ended as {}{}{}.": "它代表 {} 的所有元素，结果为{}{}{}。",
        "Attempt {}": "第 {} 次尝试", "It": "它", "{} succeeded{}{}.": "{}成功{}{}。", "{} failed{}{}.": "{}失败{}{}。",
        "{} was stopped at its time-out{}.": "{}因超时被停止{}。",
        "Its worker vanished and how it ended is unknown; `delivery: at_most_once` forbids to start it again. Check its effects, then `onebeat retry {}` if it must run.":
            "执行节点消失，结果未知；`delivery: at_most_once` 禁止再次启动。请检查其影响，确需运行时执行 `onebeat retry {}`。",
        "; it was given up at {}": "；已于 {} 放弃等待",
        "No word of its end came, so how it ended is not known{}.": "没有收到它结束的消息，因此不知道它如何结束{}。",
        "Its worker vanished {} times; it is not tried again, since it may be what ends the worker.":
            "执行节点消失了 {} 次；不再重试，因为可能正是它导致节点终止。",
        "`retry` is not set, so there was no further attempt.": "未设置 `retry`，因此没有再次尝试。",
        "`retry.limit` is {}, and that many further attempts were made.": "`retry.limit` 为 {}，已全部重试完。",
        "has no recorded end": "没有结束记录", "was stopped at its time-out": "因超时被停止",
        "was handed back by node {}, which had not begun it": "被节点 {} 交回（尚未开始）",
        "was handed back when node {} stopped": "在节点 {} 停止时被交回", "was lost with node {}": "随节点 {} 一起丢失",
        ", as {} asked": "，由 {} 请求", " on request": "，应请求", "It was cancelled{}{}.": "它已被取消{}{}。",
        "It was withdrawn{}, since the job was removed.": "它已被撤回{}，因为作业已删除。",
        "A newer run took its place{} (overlap: cancel).": "更新的运行取代了它{}（overlap: cancel）。",
        "It was skipped, because {}; `overlap: {}` skips in that case. `overlap: queue` would let it wait.":
            "它被跳过：{}；此时 `overlap: {}` 会跳过。`overlap: queue` 则会让它等待。",
        "run {}, due at {}{},": "运行 {}（到期于 {}{}）", "an earlier run of the job": "该作业之前的运行",
        "It was skipped, because {} was still active; `overlap: {}` skips in that case. `overlap: queue` would let it wait.":
            "它被跳过，因为{}仍在进行；此时 `overlap: {}` 会跳过。`overlap: queue` 则会让它等待。",
        " (by {} at {})": "（{} 于 {}）", "It was skipped, because the job was paused{}.": "它被跳过，因为作业已暂停{}。",
        "It was skipped, because {}; `trigger_rule: {}` cannot come true then. `onebeat flow {}` shows the others.":
            "它被跳过：{}；`trigger_rule: {}` 因此无法成立。`onebeat flow {}` 显示其他作业。",
        "would have started": "本应启动",
        "It was not started, because this store only observes: it {}, and another scheduler does the work until `onebeat take-over`.":
            "它没有启动，因为此存储仅作观察：它{}，在 `onebeat take-over` 之前由另一个调度器执行。",
        "It was skipped{}.": "它被跳过{}。", " and ended at {}": "，结束于 {}", " and still running": "，仍在运行",
        "It was": "它", "They were": "它们",
        "{} missed: no node could start it{} (deadline: {}).": "{}已错过：没有节点能够启动{}（deadline: {}）。",
        "what it needs did not succeed": "它所需要的没有成功",
        "It was missed, because {} by its deadline ({}); `needs` says what it waits for.":
            "它已错过：到期限（{2}）为止，{1}；`needs` 说明它等待什么。",
        "{} missed while no node could plan; `missed: latest` keeps only the newest instant of an outage.":
            "{}在没有节点能够计划时错过；`missed: latest` 只保留中断期间最新的时刻。",
        "{} missed while no node could plan, and are more than `catch_up: {}` runs again.":
            "{}在没有节点能够计划时错过，且多于 `catch_up: {}` 会补上的数量。",
        "{} missed while no node could plan; `missed: skip` runs none of them.":
            "{}在没有节点能够计划时错过；`missed: skip` 一个也不运行。",
        "{} missed{}.": "{}已错过{}。", "Run {}, due at {},": "运行 {}（到期于 {}）", "{} ran in that place.": "{}代替运行了。",
        "{} stood for them, and was {} too{}.": "{}代表它们，结果也是{}{}。",
        "{} stands for them, and is to run.": "{}代表它们，将会运行。",
        "The job was paused then (by {} at {}), so it would not have run anyway.": "作业当时已暂停（{} 于 {}），因此本来也不会运行。",
        "The earliest node still known joined at {}, after that.": "仍已知的最早节点于 {} 加入，在那之后。",
    ]
}
