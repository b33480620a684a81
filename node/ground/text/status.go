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
	GrantStateExpired     Code = "grant.expired"
	GrantStateReplaced    Code = "grant.replaced"
	GrantStateStopped     Code = "grant.stopped"
)

var statusSentences = []sentence{
	{StatusVersion, "版本 {version}", "version {version}"},
	{StatusJurisdiction, "行政区划 {title}（{name}），副本 {replica}", "jurisdiction {title} ({name}), replica {replica}"},
	{StatusLog, "存证账本 {log}，共 {size} 个条目，根 {root}", "ledger {log}, size {size}, root {root}"},
	{StatusCheckpoint, "检查点覆盖前 {size} 个条目", "the checkpoint covers the first {size} entries"},
	{StatusLeader, "主副本", "leader"},
	{StatusFollower, "从副本", "follower"},
	{StatusAgencies, "部门 {count} 个", "agencies: {count}"},
	{StatusDatasets, "数据资源 {count} 个", "datasets: {count}"},
	{StatusAlarm, "警报：{title}。{what}（{where}）。{do}（{code}）", "ALARM {title}: {what} ({where}). {do} ({code})"},
	{StatusPin, "本方的起点标识 {pin}（验证存证凭证须用根的起点标识，见 xietong tree）",
		"own pin {pin} (receipts are verified with the pin of the root, which `xietong tree` tells)"},

	{WordCode, "编码", "code"},
	{WordTitle, "名称", "title"},
	{WordCalled, "称谓", "title"},
	{WordAgency, "部门", "agency"},
	{WordCategory, "共享类型", "category"},
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
	{GrantStateExpired, "已到期", "expired"},
	{GrantStateReplaced, "已被代替", "replaced"},
	{GrantStateStopped, "因目录类别停用", "stopped by the category"},
}
