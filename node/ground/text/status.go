package text

// Words of the status and of tables.
const (
	StatusVersion      Code = "status.version"
	StatusJurisdiction Code = "status.jurisdiction"
	StatusLog          Code = "status.log"
	StatusCheckpoint   Code = "status.checkpoint"
	StatusLeader       Code = "status.leader"
	StatusFollower     Code = "status.follower"
	StatusAgencies     Code = "status.agencies"
	StatusDatasets     Code = "status.datasets"
	StatusPin          Code = "status.pin"
	StatusAlarm        Code = "status.alarm"
	StatusAlarmOnce    Code = "status.alarm.once"

	StatusProcess         Code = "status.process"
	StatusDisk            Code = "status.disk"
	StatusZone            Code = "status.zone"
	StatusListen          Code = "status.listen"
	StatusLastEntry       Code = "status.last-entry"
	StatusCheckpointOld   Code = "status.checkpoint-old"
	StatusParent          Code = "status.parent"
	StatusParentDown      Code = "status.parent-down"
	StatusChildren        Code = "status.children"
	StatusWithout         Code = "status.without"
	StatusChildHeard      Code = "status.child-heard"
	StatusChildNever      Code = "status.child-never"
	StatusMore            Code = "status.more"
	StatusEndsSigning     Code = "status.ends-signing"
	StatusEndsEndorsement Code = "status.ends-endorsement"
	StatusDays            Code = "status.days"
	StatusHours           Code = "status.hours"
	StatusMinutes         Code = "status.minutes"
	StatusSeconds         Code = "status.seconds"

	WordCode     Code = "word.code"
	WordTitle    Code = "word.title"
	WordCalled   Code = "word.called"
	WordAgency   Code = "word.agency"
	WordCategory Code = "word.category"
	WordPurpose  Code = "word.purpose"
	WordEntry    Code = "word.entry"
	WordTime     Code = "word.time"
	WordState    Code = "word.state"
	WordKind     Code = "word.kind"
	WordUntil    Code = "word.until"
	WordUses     Code = "word.uses"
	WordDataset  Code = "word.dataset"
	WordConsumer Code = "word.consumer"

	CategoryUnconditional Code = "category.unconditional"
	CategoryConditional   Code = "category.conditional"
	CategoryNotShared     Code = "category.not-shared"
	GrantLive             Code = "grant.live"
	GrantStateRevoked     Code = "grant.revoked"
	GrantStateBars        Code = "grant.bars"
	GrantStateExpired     Code = "grant.expired"
	GrantStateReplaced    Code = "grant.replaced"
	GrantStateStopped     Code = "grant.stopped"
	GrantStateClosed      Code = "grant.closed"
)

var statusSentences = []sentence{
	{StatusVersion, "版本 {version}", "version {version}"},
	{StatusJurisdiction, "行政区划 {title}（{name}），副本 {replica}", "jurisdiction {title} ({name}), replica {replica}"},
	{StatusLog, "存证账本 {log}，共 {size} 个条目，根 {root}", "ledger {log}, size {size}, root {root}"},
	{StatusCheckpoint, "检查点覆盖前 {size} 个条目", "the checkpoint covers the first {size} [entry|entries]"},
	{StatusLeader, "主副本", "leader"},
	{StatusFollower, "从副本", "follower"},
	{StatusProcess, "进程 {pid}，自 {since} 起运行，已有 {up}", "process {pid}, up since {since}, for {up}"},
	{StatusDisk, "数据目录 {dir}，占用 {used}；磁盘可用 {free}，低于 {reserve} 时暂停写入", "data directory {dir}, takes {used}; {free} are free on its disk, and below {reserve} nothing is written"},
	{StatusZone, "时间和日期按时区 {zone}", "times and days are those of the zone {zone}"},
	{StatusListen, "监听 UDP 地址 {address}", "listens on UDP {address}"},
	{StatusLastEntry, "最近一个条目记于 {at}", "newest entry of {at}"},
	{StatusCheckpointOld, "检查点覆盖前 {size} 个条目，其后的条目已等候 {age}", "the checkpoint covers the first {size} [entry|entries]; the next one has waited for {age}"},
	{StatusParent, "上级 {name}：{link}", "parent {name}: {link}"},
	{StatusParentDown, "上级 {name}（地址 {addresses}）：{link}", "parent {name} (dialled at {addresses}): {link}"},
	{StatusChildren, "下级：已加入 {joined} 个，其中已连接 {linked} 个；已邀请、尚未加入 {invited} 个", "children: {joined} joined, {linked} of them linked; {invited} invited and not joined yet"},
	{StatusWithout, "没有连接的下级：{names}", "children without a link: {names}"},
	{StatusChildHeard, "{name}（最近一次 {heard}）", "{name} (last heard {heard})"},
	{StatusChildNever, "{name}（从未连接）", "{name} (never heard)"},
	{StatusMore, "另有 {count} 个", "{count} more"},
	{StatusEndsSigning, "签名密钥有效期至 {at}，约在 {renews} 自动更换", "signing key until {at}, changed by itself about {renews}"},
	{StatusEndsEndorsement, "上级的背书有效期至 {at}，约在 {renews} 自动延长", "the parent's endorsement until {at}, renewed by itself about {renews}"},
	{StatusDays, "{n} 天", "{n} d"},
	{StatusHours, "{n} 小时", "{n} h"},
	{StatusMinutes, "{n} 分", "{n} min"},
	{StatusSeconds, "{n} 秒", "{n} s"},
	{StatusAgencies, "部门 {count} 个", "agencies: {count}"},
	{StatusDatasets, "数据资源 {count} 个", "datasets: {count}"},
	{StatusAlarmOnce, "警报：{what}（{where}）。{do}（{code}）", "ALARM {what} ({where}). {do} ({code})"},
	{StatusAlarm, "警报：{title}。{what}（{where}）。{do}（{code}）", "ALARM {title}: {what} ({where}). {do} ({code})"},
	{StatusPin, "本方的起点标识 {pin}（验证存证凭证须用根的起点标识，见 xietong tree）",
		"own pin {pin} (receipts are verified with the pin of the root, which `xietong tree` tells)"},

	{WordCode, "编码", "code"},
	{WordTitle, "名称", "title"},
	{WordCalled, "名称", "title"},
	{WordAgency, "部门", "agency"},
	{WordCategory, "共享属性", "category"},
	{WordPurpose, "使用用途", "purpose"},
	{WordEntry, "存证条目", "entry"},
	{WordTime, "时间", "time"},
	{WordState, "状态", "state"},
	{WordKind, "类型", "kind"},
	{WordUntil, "有效期至", "until"},
	{WordUses, "使用次数", "uses"},
	{WordDataset, "数据资源", "dataset"},
	{WordConsumer, "需求部门", "consumer"},

	{CategoryUnconditional, "无条件共享", "unconditional"},
	{CategoryConditional, "有条件共享", "conditional"},
	{CategoryNotShared, "不予共享", "not shared"},
	{GrantLive, "有效", "live"},
	{GrantStateRevoked, "已撤销", "revoked"},
	{GrantStateBars, "已撤销，未解除", "revoked, bars"},
	{GrantStateExpired, "已到期", "expired"},
	{GrantStateReplaced, "已被代替", "replaced"},
	{GrantStateStopped, "因目录类别停用", "stopped by the category"},
	{GrantStateClosed, "已随之终止", "closed"},
}
