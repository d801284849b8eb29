/// 简体中文: what stands for each English sentence of the pages. `{}` is a place; `{2}` and the like where the order is another.
enum Chinese {
    static let sentences = frame.merging(overview) { $1 }.merging(jobs) { $1 }.merging(policies) { $1 }
        .merging(runs) { $1 }.merging(flows) { $1 }.merging(time) { $1 }.merging(nodes) { $1 }.merging(words) { $1 }
        .merging(deeds) { $1 }.merging(alerts) { $1 }.merging(reports) { $1 }

    private static let frame = [
        "Overview": "总览", "Jobs": "作业", "Runs": "运行", "Graph": "依赖图", "Calendar": "日历", "Nodes": "节点",
        "Events": "事件", "Lab": "实验室", "Alerts": "告警", "To the content": "跳到正文", "Pages": "页面", "As of {}.": "截至 {}。",
        "Live.": "实时更新。", "Not live: asking again.": "实时连接已断开，正在重试。", "Refreshes every {} s.": "每 {} 秒刷新。",
        "Times are {}.": "时间均为 {}。", "metrics": "指标", "<kbd>?</kbd> lists the keys": "<kbd>?</kbd> 显示快捷键",
        "Keys": "快捷键",
        "Search": "搜索", "This list": "本列表", "Close": "关闭", "Show": "显示", "any": "任意", "all": "全部",
        "Nothing here": "此处没有内容", "That address is not understood": "无法理解该地址",
        "The store does not answer": "存储没有响应", "To the overview": "回到总览",
    ]

    private static let alerts = [
        "Backfills": "补跑", "Run past due instants": "补跑过去的到期时刻", "From": "从", "First": "顺序", "the oldest": "最早的优先",
        "the newest": "最新的优先", "At one time": "同时运行", "Run again": "重新运行", "nothing": "不重跑", "what failed": "失败的",
        "everything": "全部", "Show what would run": "预览将运行的内容",
        "Days are those of the job's own clock; without an end it is now. Nothing runs yet.":
            "日期按作业自己的时钟计算；不填结束日期则到现在为止。此时尚未运行任何内容。",
        "{} runs would be made, and {} instants passed over.": "将产生 {} 个运行，跳过 {} 个时刻。",
        "{} runs or more would be made.": "将产生 {} 个或更多运行。", "With each go {} that follow.": "每个运行还带有 {} 个后续作业。",
        "Begin": "开始", "Instants": "时刻", "Reached": "已到", "Made": "已产生", "Passed over": "已跳过",
        "There are no backfills.": "没有补跑。", "The backfill is as you wanted it.": "补跑已按您的要求更新。",
        "active": "进行中", "done": "完成",
        "Nobody is told of anything: the file has no <code>alerts:</code>.": "不会通知任何人：文件中没有 <code>alerts:</code>。",
        "Open incidents": "未结束的事件", "Silences": "静默", "Over": "已结束", "What": "内容", "Since": "开始于",
        "Told": "通知", "Seen by": "确认者", "Acknowledge": "确认", "Nothing is open.": "没有未结束的事件。",
        "Nothing was told yet.": "尚未通知过任何内容。", "Of": "对象", "Until": "直到", "Because": "原因", "End it": "结束静默",
        "Nothing is silenced.": "没有静默。", "Tell nobody of": "不通知", "for": "时长", "Silence": "静默", "told": "已通知",
        "held back": "暂不通知", "told to nobody": "未通知", "held back until {}": "暂不通知至 {}",
        "not told": "未能通知", "under way": "发送中", "soon": "即将", "its run is not kept": "其运行记录未保留",
        "30 minutes": "30 分钟", "1 hour": "1 小时", "2 hours": "2 小时", "8 hours": "8 小时", "1 day": "1 天", "3 days": "3 天",
        "7 days": "7 天",
        "A name of jobs or of an alert; * stands for any characters. What is still so when the silence ends is told then.":
            "作业或告警的名称；* 代表任意字符。静默结束时仍然存在的问题会在那时通知。",
        "Tell nobody of it for a while": "暂时不通知该作业",
        "Silenced: what is still so when it ends is told then.": "已静默：结束时仍然存在的问题会在那时通知。",
        "The silence is over.": "静默已结束。", "Acknowledged: nobody is told of it again.": "已确认：不会再次通知。",
        "lost": "丢失", "recovered": "已恢复", "queue unserved": "队列无人处理", "slow": "缓慢", "leaderless": "没有领导者",
        "skew": "时钟偏差", "store": "存储",
    ]

    private static let overview = [
        "{} jobs need a look.": "{} 个作业需要查看。", "1 job needs a look.": "1 个作业需要查看。",
        "No job is stored: there is nothing to run.": "尚未定义作业：没有可运行的内容。", "The only job is paused.": "唯一的作业已暂停。",
        "All {} jobs are paused.": "全部 {} 个作业都已暂停。", "All is well.": "一切正常。",
        "All is well. 1 job is paused.": "一切正常。1 个作业已暂停。", "All is well. {} jobs are paused.": "一切正常。{} 个作业已暂停。",
        "This store only observes: what falls due is written down, and nothing is started.":
            "此存储仅作观察：到期的作业只会被记录，不会启动。",
        "A take-over did not come to its end: what falls due waits until it is called again.":
            "一次接管没有完成：到期的运行会一直等待，直到再次执行接管。",
        "The work is being handed over: what falls due waits until it is known who does it.":
            "正在交接工作：到期的作业将等待，直到确定由谁执行。",
        "No node is alive: nothing will run until one starts.": "没有存活的节点：在有节点启动之前不会运行任何作业。",
        "No living node plans: nothing falls due until one with the role beat starts.":
            "没有负责计划的节点：在角色为 beat 的节点启动之前不会有作业到期。",
        "No living node works: nothing runs until one with the role worker starts.":
            "没有负责执行的节点：在角色为 worker 的节点启动之前不会运行任何作业。",
        "Needs a look": "需要查看", "The past hour and the next": "过去一小时与未来一小时", "Running now": "正在运行",
        "the coming week": "未来一周", "Failed or missed in the last 24 hours, and well since": "过去 24 小时内失败或错过，现已恢复",
        "Just ended": "刚刚结束", "all nodes": "全部节点", "Nothing runs at the moment.": "目前没有运行。",
        "{} of {} slots are taken.": "已占用 {} / {} 个槽位。",
        "Of the last {} due runs half began {} late at most, and 99 of 100 {}.":
            "最近 {} 个到期运行中，一半最多迟 {} 开始，99% 最多迟 {}。",
        "Versions": "版本", "In force since": "生效时间", "What changed": "变更内容", "defined": "已定义",
        "For each of": "逐个元素", "Elements run side by side.": "各元素并行运行。",
        "Of its elements {} run at a time; the others wait.": "每次运行 {} 个元素；其余等待。",
        "1 run is at work.": "1 个运行正在进行。", "{} runs are at work.": "{} 个运行正在进行。",
        "1 job is due and waiting.": "1 个作业已到期，正在等待。", "{} jobs are due and waiting.": "{} 个作业已到期，正在等待。",
        "Next is {} {}.": "下一个是 {}，{}。", "Nothing is planned.": "没有计划中的运行。", "all {} of them": "全部 {} 个",
        "due {}, waiting": "{}到期，等待中",
        "Nothing is planned. Define jobs with <code>onebeat apply FILE</code>.":
            "没有计划中的运行。用 <code>onebeat apply FILE</code> 定义作业。",
        "Nothing has ended yet.": "尚无结束的运行。",
        "No node has joined yet. Start one with <code>onebeat up</code>.": "尚无节点加入。用 <code>onebeat up</code> 启动一个。",
        "leads": "领导者", "skewed": "时钟偏差", "1 h ago": "1 小时前", "{}.": "{}。", "in 1 h": "1 小时后",
        "In the past hour {} runs succeeded and {} did not; in the next about {} start":
            "过去一小时有 {} 个运行成功，{} 个未成功；未来一小时约有 {} 个启动",
    ]

    private static let jobs = [
        "Job": "作业", "Health": "健康", "Due": "到期", "Next": "下次", "Last": "上次", "Last runs": "最近的运行", "Why": "原因",
        "Name contains": "名称包含", "Tag": "标签", "Tags": "标签", "Queue": "队列", "Owner": "负责人", "needs a look": "需要查看",
        "Last success": "上次成功", "longer than before": "比以前更久", "shorter than before": "比以前更短",
        "more jobs": "更多作业", "jobs before": "之前的作业",
        "No job. Define some with <code>onebeat apply FILE</code>.": "没有作业。用 <code>onebeat apply FILE</code> 定义。",
        "after its run": "运行结束后", "never ran": "从未运行", "Why it did what it did": "为什么会这样", "What it does": "执行内容",
        "Rules": "规则", "What happened to it": "相关事件", "all runs": "全部运行", "all events": "全部事件", "its flow": "所属流程",
        "Due {}.": "到期时间：{}。", "It runs {}.": "运行方式：{}。", "It tells people {}.": "通知时机：{}。",
        "{} sends a sample.": "{} 发送示例。",
        "Word of a success is expected {}.": "预计收到成功消息：{}。",
        "Paused: nobody is told when no word comes.": "已暂停：没有消息时不会通知任何人。",
        "{} tells of a run that ended well.": "{} 报告一次成功的运行。", "told of": "由外部报告", "Told of": "报告时间",
        "The schedule cannot be read on this node: {}": "本节点无法读取该计划：{}",
        "It has never ended well.": "从未成功过。", "It last ended well {}.": "上次成功：{}。",
        "Paused: runs that fall due are skipped. {}": "已暂停：到期的运行会被跳过。{}", "Unknown.": "未知。",
        "After the end of the run before.": "在上一次运行结束之后。",
        "Not due again by itself. {} runs it by hand.": "不会再自动到期。可用 {} 手动运行。",
        "When": "何时", "At": "时刻", "On the clock of {}": "{} 当地时间", "not fired": "不触发", "Kind": "类型",
        "Shell line": "Shell 命令行",
        "Command": "命令", "Call": "请求", "Task": "任务", "Celery's queue": "Celery 队列", "Closure": "闭包",
        "registered by a program under this name": "由程序以此名称注册", "Tells of": "通知内容", "By": "方式", "In": "目录",
        "As user": "用户身份",
        "Defined by": "定义来源", "{}, version {} of generation {}": "{1}，第 {3} 代第 {2} 版", "What": "事项", "Who": "操作者",
        "Words": "说明",
        "Nothing in the kept history.": "保留的历史中没有记录。", "How long the last {} runs took": "最近 {} 次运行的耗时",
        "half took at most {}": "半数不超过 {}", "19 of 20 took at most {}": "95% 不超过 {}",
        "Longer than usual": "比平时久", "{} took {}, {}: usually it takes {} at most.": "{}用了 {}（{}）；平时最多 {}。",
        "{} has been running for {}: usually it takes {} at most.": "{}已运行 {}；平时最多 {}。",
        "{} of the last {} runs succeeded": "最近 {2} 次运行中 {1} 次成功", "run {}: {}": "运行 {}：{}",
    ]

    private static let policies = [
        "Overlap": "重叠", "Missed": "错过", "Retry": "重试", "Time-out": "超时", "Lost attempt": "丢失的尝试",
        "{}, priority {}": "{}，优先级 {}",
        "While a run is active, or anything of an earlier flow is open, a new one is skipped.":
            "有运行进行时，或先前流程尚未结束时，新的运行会被跳过。",
        "waits for {} of {} elements": "等待 {} / {} 个元素",
        "While a run is active, a new one is skipped.": "有运行进行时，新的运行会被跳过。",
        "While a run is active, one more waits; further ones are skipped.": "有运行进行时，再等待一个；其余被跳过。",
        "While a run is active, new ones wait for their turn.": "有运行进行时，新的运行依次等待。",
        "While a run is active, a new one cancels the oldest and starts after it.": "有运行进行时，新的运行会取消最早的一个，并在其后启动。",
        "Runs start one after the other.": "运行依次启动。",
        "While {} runs are active, a new one is skipped.": "有 {} 个运行进行时，新的运行会被跳过。",
        "While {} runs are active, one more waits; further ones are skipped.": "有 {} 个运行进行时，再等待一个；其余被跳过。",
        "While {} runs are active, new ones wait for their turn.": "有 {} 个运行进行时，新的运行依次等待。",
        "While {} runs are active, a new one cancels the oldest and starts after it.":
            "有 {} 个运行进行时，新的运行会取消最早的一个，并在其后启动。",
        "Runs start side by side.": "运行可同时进行。", "Runs start side by side, {} at most.": "运行可同时进行，最多 {} 个。",
        "Of instants that no node could plan, the newest still runs, up to {} late.": "没有节点能够计划的时刻中，最新的一个仍会运行，最多迟 {}。",
        "Instants that no node could plan still run, up to {} late, the newest {}.":
            "没有节点能够计划的时刻仍会运行，最多迟 {}，取最新的 {} 个。",
        "Instants that no node could plan are recorded and not run. A run may start up to {} late.":
            "没有节点能够计划的时刻只记录，不运行。运行最多可迟 {} 启动。",
        "A failed run is not tried again.": "失败的运行不会重试。",
        "A failed run is tried again once, after {}.": "失败的运行在 {} 后重试一次。",
        "A failed run is tried again up to {} times: after {}, then twice as long each time, {} at most.":
            "失败的运行最多重试 {} 次：先等 {}，之后每次加倍，最长 {}。",
        "An attempt is stopped after {}.": "一次尝试在 {} 后被停止。", "An attempt may take as long as it needs.": "一次尝试不限时长。",
        "Is tried again under the same run key and a higher fence (at least once).": "以相同的运行键和更高的围栏令牌重试（至少一次）。",
        "Is reported lost and never started again (at most once).": "报告为丢失，不再启动（至多一次）。",
    ]

    private static let runs = [
        "Run": "运行", "State": "状态", "Late": "延迟", "Took": "耗时", "No runs.": "没有运行。", "Due from": "到期时间从", "before": "到",
        "failed or missed": "失败或错过", "older runs": "更早的运行", "newer runs": "更新的运行", "run {}": "运行 {}", "Its life": "经过",
        "Output of attempt {}": "第 {} 次尝试的输出",
        "Attempts": "尝试", "Attempt": "尝试", "Facts": "详情", "asked for by hand": "手动请求", "due": "到期", "may start": "可以启动",
        "the instant that a backfill makes up for": "补跑所补的时刻", "started by an event": "由事件启动",
        "made to send message {}": "为发送消息 {} 而建",
        "made to send message {} to those whom the mail server had refused": "为向邮件服务器曾拒收的收件人发送消息 {} 而建",
        "asked for by hand, to send a sample": "手动请求，用于发送示例",
        "attempt {} starts on {}": "第 {} 次尝试在 {} 上启动", "attempt {}: {} after {}": "第 {} 次尝试：{}，用时 {}",
        "settled: {}": "结算：{}",
        "Asked for": "请求于", "Scheduled": "计划于", "Stands for": "代表",
        "{} due instants, the last at {}": "{} 个到期时刻，最后一个在 {}",
        "May start": "可启动于", "Started": "启动于", "Late by": "延迟", "Ended": "结束于", "Exit code": "退出码", "Node": "节点",
        "Key": "运行键",
        "Fence": "围栏令牌", "Cancel": "取消", "asked for": "已请求", "End": "结果", "It was never started.": "从未启动。",
        "Not started yet.": "尚未启动。", "download": "下载", "It said nothing.": "没有输出。", "Nothing yet.": "暂无输出。",
        "There is more: {}": "还有更多：{}", "Output": "输出", "Follow the end": "跟随末尾", "For": "已运行", "Starts": "启动",
        "Since": "自",
    ]

    private static let deeds = [
        "Sign in": "登录", "Sign out": "退出登录", "Name": "用户名", "Password": "密码", "Role": "角色", "May act on": "可操作",
        "all jobs": "所有作业", "viewer": "查看者", "operator": "操作员", "admin": "管理员", "You are signed in": "您已登录",
        "Nobody signs in here": "此处无需登录", "Sign in by the proxy": "通过代理登录",
        "Only this machine reaches this address. With <code>web: {sign_in: password}</code> people sign in here, too.":
            "只有本机能访问此地址。设置 <code>web: {sign_in: password}</code> 后，此处也需要登录。",
        "A proxy before this node says who asks. Come by its address.": "由节点前的代理说明访问者是谁，请使用代理的地址。",
        "signed in as {}": "已登录：{}", "sign-in": "登录",
        "Run again with what follows": "连同后续一起重新运行", "Say what it counts as": "标记其结果",
        "For what follows it, it counts as": "对后续作业而言视为", "because": "原因", "Mark": "标记", "Handed on": "传递的值",
        "Counts as": "视为", "{}, by the word of {}: {}": "{}（{}：{}）", "a value that is secret": "保密的值",
        "Marked: what follows it goes by that. The run keeps its outcome.": "已标记：后续作业以此为准，该运行的结果保持不变。",
        "Run now": "立即运行", "Send a sample": "发送示例",
        "You may not act on this job: somebody who may has to begin it.": "您无权操作此作业：须由有权者开始。", "Pause": "暂停",
        "Resume": "恢复", "Run again": "重新运行", "Cancel its flow": "取消整个流程",
        "The run was asked for. It starts as soon as its turn comes.": "已请求运行，轮到时即启动。",
        "This run was asked for in place of the one that had ended.": "已请求此运行，以代替已结束的那一个。", "Cancelled.": "已取消。",
        "It is being stopped: TERM first, and after its grace KILL.": "正在停止：先发 TERM，宽限期后发 KILL。",
        "Paused: what falls due is skipped until the job is resumed.": "已暂停：恢复之前到期的都会跳过。",
        "Resumed: what falls due runs again.": "已恢复：到期的会照常运行。",
        "It was so already; nothing was changed.": "本来就是如此，未作更改。",
    ]

    private static let flows = [
        "Size of the drawing": "图的大小", "Fit": "适合宽度", "Smaller": "缩小", "Larger": "放大",
        "Larger or smaller drawings": "放大或缩小图", "Drawings that fit, or at 100 %": "图适合宽度，或 100 %",
        "Find": "查找", "Next one": "下一个", "not found": "未找到",
        "counts as {}": "视为{}", "by the word of {}: {}": "{}：{}", "each of {}": "逐个：{}",
        "Its elements": "各元素", "Element": "元素", "{} of {}, counted from 0": "{2} 的第 {1} 个（从 0 数起）",
        "its elements may start": "各元素可以启动", "One run for each of {}.": "{} 的每个元素各有一个运行。", "It has none.": "没有元素。",
        "How many there are is not known yet.": "元素个数尚不可知。", "{} more are not listed.": "另有 {} 个未列出。",
        "Flow {}": "流程 {}", "Flows": "流程", "The flow of {}": "{} 的流程", "more flows": "更多流程", "not well": "有问题",
        "under way": "进行中", "done": "完成", "{} of {} runs have ended.": "{2} 个运行中已有 {1} 个结束。",
        "It took {}, by way of {}.": "耗时 {}，关键路径为 {}。",
        "{} runs are too many for a picture; they are listed below.": "{} 个运行太多，无法绘图；见下表。", "waits for {}": "等待 {}",
        "Only the newest {} runs are shown.": "只显示最新的 {} 个运行。",
        "No job follows another. <code>after: [extract]</code> makes one follow.":
            "没有作业依赖其他作业。写上 <code>after: [extract]</code> 即可建立依赖。",
        "It follows no job, and none follows it.": "它不依赖任何作业，也没有作业依赖它。",
        "{} jobs are too many for a picture; {} lists them.": "{} 个作业太多，无法绘图；用 {} 列出。",
    ]

    private static let time = [
        "now": "现在", "in {}": "{}后", "{} ago": "{}前", "{} s": "{} 秒", "{} min": "{} 分钟", "{} h": "{} 小时",
        "{} days": "{} 天",
        "{} ms": "{} 毫秒", "{} min {} s": "{} 分 {} 秒", "{} h {} min": "{} 小时 {} 分", "{} d": "{} 天",
        "{} d {} h": "{} 天 {} 小时",
        "What fires in the coming week": "未来一周的触发", "Much at once": "同时触发",
        "Did not run in the past two weeks": "过去两周没有运行的",
        "{} more jobs fire more often than every 10 minutes, about {} times an hour together; they are not drawn.":
            "另有 {} 个作业的间隔短于 10 分钟，合计每小时约 {} 次，未画出。",
        "Nothing else fires by itself.": "没有其他自动触发的作业。", "about {}": "约 {}",
        "{} starts of {} jobs; the busiest hour begins at {} and has {}.": "{2} 个作业共启动 {1} 次；最忙的一小时始于 {3}，有 {4} 次。",
        "Hours are UTC.": "小时为 UTC。", "Starts by hour": "每小时启动次数", "{} and {} more": "{} 及另外 {} 个",
        "on {} days, first at {}": "共 {} 天，首次在 {}", "{} jobs start in one minute ({}): {}.": "{} 个作业在同一分钟启动（{}）：{}。",
        "{} on them leaves about {} a minute.": "为它们设置 {} 后，每分钟约 {} 个。",
        "No minute has three or more jobs that start at once.": "没有哪一分钟有三个以上作业同时启动。",
        "There are more; these are the newest.": "还有更多，这里是最新的。",
        "Day": "日期", "How often": "频率", "All that was due was started.": "所有到期的都已启动。", "Schedule lab": "计划实验室",
        "Try an expression: five fields of cron, six with seconds, <code>@daily</code>, a length such as <code>90s</code>, or <code>R10/2027-01-01T00:00:00Z/PT6H</code>.":
            "试一个表达式：五个 cron 字段、带秒的六个字段、<code>@daily</code>、<code>90s</code> 这样的时长，或 <code>R10/2027-01-01T00:00:00Z/PT6H</code>。",
        "Expression": "表达式", "Zone": "时区", "Days by": "日期规则", "From": "起始", "Try": "试一试",
        "When the clocks change": "时钟变更时",
        "{} times or more": "{} 次以上", "never": "从不", "once": "一次", "{} times": "{} 次", "In the next day": "未来一天",
        "In the next week": "未来一周",
        "In the next year": "未来一年", "Shortest gap": "最短间隔", "Longest gap": "最长间隔",
        "It does not fire after that.": "此后不再触发。",
        "The clocks of {} do not change within a year.": "{} 的时钟一年内没有变更。",
    ]

    private static let nodes = [
        "Up": "在线", "Queues": "队列", "Clocks and versions": "时钟与版本", "Gone": "已离开", "Slots in use": "占用的槽位",
        "Slots": "槽位",
        "Lease": "租约", "Joined": "加入于", "ends {} unless renewed": "若不续约，{}到期", "ended {}": "已于{}到期", "Roles": "角色",
        "Version": "版本",
        "No node is up. Start one with <code>onebeat up</code>.": "没有在线节点。用 <code>onebeat up</code> 启动一个。",
        "Served by": "服务节点",
        "Due and unclaimed": "到期未认领", "Longest due": "等待最久",
        "the next call of <code>once</code>": "下一次 <code>once</code> 调用", "nobody": "无",
        "No queue is served.": "没有队列被服务。", "Parts": "角色", "Clock": "时钟", "Zones": "时区库", "Process": "进程",
        "as the store's": "与存储一致",
        "{} behind": "慢 {}", "{} ahead": "快 {}", "No node is up.": "没有在线节点。", "How": "方式", "died": "失联", "left": "退出",
        "None within the kept history.": "保留的历史中没有。", "About": "关于", "No event of that kind is kept.": "没有此类事件的记录。",
        "newer events": "更新的事件", "older events": "更早的事件",
    ]

    /// States, outcomes and reasons.
    private static let words = [
        "waiting": "等待", "scheduled": "已计划", "running": "运行中", "succeeded": "成功", "success": "成功", "failed": "失败",
        "timed out": "超时", "cancelled": "已取消", "lost": "丢失", "dead": "终止", "skipped": "跳过", "missed": "错过",
        "unknown": "未知",
        "interrupted": "被中断", "not started": "未启动", "ended": "结束", "failing": "持续失败", "missing": "未按时运行", "stuck": "卡住",
        "skipping": "一再跳过", "late": "未按时完成", "unserved": "无人服务", "overdue": "逾期未计划", "invalid": "无效", "new": "新",
        "well": "正常",
        "paused": "已暂停",
        "alive": "存活", "expired": "租约到期", "gone": "离开",
        "an earlier run of the job was still active": "该作业之前的运行仍在进行", "the job was paused": "作业已暂停",
        "it could not start within the job's deadline": "未能在作业的期限内启动",
        "a newer due instant stands for it (missed: latest)": "由更新的到期时刻代表（missed: latest）",
        "more instants were missed than catch_up allows": "错过的时刻多于 catch_up 所允许",
        "it was due while no node could plan it (missed: skip)": "到期时没有节点能够计划（missed: skip）",
        "the job was removed": "作业已删除", "someone cancelled it": "有人取消了它",
        "a newer run took its place (overlap: cancel)": "被更新的运行取代（overlap: cancel）",
        "its worker's lease ended before the run did": "执行节点的租约在运行结束前到期", "its node handed it back": "节点交回了它",
        "a job that it follows did not succeed": "所依赖的作业没有成功", "a job that it follows was skipped": "所依赖的作业被跳过",
        "this store only observes": "此存储仅作观察",
        "for a reason that a newer Onebeat wrote and this one does not know": "原因由更新版本的 Onebeat 写入，本版本不认识",
    ]
}
