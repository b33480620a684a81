package text

import "net/http"

// Codes of a data directory that may be a copy or an old backup.
const (
	LedgerInQuestion    Code = "ledger-in-question"
	LedgerUnanswered    Code = "ledger-unanswered"
	CopyBehind          Code = "copy-behind"
	CopyForked          Code = "copy-forked"
	LedgerNotInQuestion Code = "ledger-not-in-question"
	ReplicaInQuestion   Code = "replica-in-question"
	BeingVerified       Code = "being-verified"
	SignedSizeUnnoted   Code = "signed-size-unnoted"
	LostUnknown         Code = "lost-unknown"
	LostKeys            Code = "lost-keys"
	EpochUnsettled      Code = "epoch-unsettled"
	LostUnasked         Code = "lost-unasked"
	LostUnproven        Code = "lost-unproven"
	KeysOutrun          Code = "keys-outrun"
	KeysBeside          Code = "keys-beside"
	RootUnsaved         Code = "root-unsaved"
	KeysOutrunRoot      Code = "keys-outrun-root"
	KeysBesideRoot      Code = "keys-beside-root"
	LostKeysRoot        Code = "lost-keys-root"
	ParentKeysOld       Code = "parent-keys-old"
	LostUnseen          Code = "lost-unseen"
	LostUnseenRoot      Code = "lost-unseen-root"
	EntryRenamed        Code = "entry-renamed"
	ReplicaMute         Code = "replica-mute"
	KeysUnendorsed      Code = "keys-unendorsed"
	GroupSetBack        Code = "group-set-back"
	GroupUnsaid         Code = "group-unsaid"
	ActFormer           Code = "act-former"
	SawUnproven         Code = "saw-unproven"
	KeysEndedAsked      Code = "keys-ended-in-question"
	LinkUncompared      Code = "link-uncompared"
	AboveUncompared     Code = "above-uncompared"
)

var questionProblems = []problem{
	{
		number: 516, code: LedgerInQuestion, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "dir"},
		zh: parts{"账本待核实", "{jurisdiction} 的数据目录不在原来记下的位置，或者内容少于本机曾签名的，可能是复制件或旧备份，正在向上下级核实；其间照常记录、服务本级部门，但不签发检查点和新密钥，不答复其他行政区划", "{dir}",
			"请稍候，通常几秒内恢复；10 分钟后仍无人答复的，xietong status 会说明怎么办；原目录还在别处使用的，请停止本节点"},
		en: parts{"Ledger in question", "the data directory of {jurisdiction} is not where it was noted, or holds less than was signed here: it may be a copy or an old backup, and the neighbours are being asked; " +
			"meanwhile the node records and serves its own agencies, but signs no checkpoint and no new keys, and answers no other jurisdiction", "{dir}",
			"wait; it is mostly over within seconds, and `xietong status` says what to do where nobody answers for 10 minutes; if the directory that this one was copied from is still in use, stop this node"},
	},
	{
		number: 517, code: LedgerUnanswered, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "dir"},
		zh: parts{"账本待人工确认", "{jurisdiction} 的数据目录不在原来记下的位置，或者内容少于本机曾签名的，可能是复制件或旧备份，且没有上下级能够证实它是最新的；其间照常记录、服务本级部门，但不签发检查点和新密钥，不答复其他行政区划", "{dir}",
			"请先查明原目录已经停用。这一份就是最新的（如迁移到新机器），请执行 xietong ledger continue --newest --reason TEXT；还有更新的一份，请停止本节点，启用最新的；是旧备份而更新的已经没有了，请执行 xietong ledger continue --reason TEXT：账本以新的纪元继续"},
		en: parts{"Ledger waits for a person", "the data directory of {jurisdiction} is not where it was noted, or holds less than was signed here: it may be a copy or an old backup, and no neighbour can say that it is the newest; " +
			"meanwhile the node records and serves its own agencies, but signs no checkpoint and no new keys, and answers no other jurisdiction", "{dir}",
			"find out first whether the one before is out of use. If this is the newest (it was moved to a new machine, say), run `xietong ledger continue --newest --reason TEXT`; if there is a newer one, stop this node, and use that; if this is an old backup and nothing newer is left, run `xietong ledger continue --reason TEXT`: the ledger goes on in a new epoch"},
	},
	{
		number: 518, code: CopyBehind, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "name", "size", "total", "dir"},
		zh: parts{"账本不是最新的", "{jurisdiction} 的账本原有 {size} 个条目，经其签名，{name} 见过；这个数据目录启动时只有 {total} 个，是旧备份或复制件。继续签名会使账本分叉，因此不签发检查点和新密钥，不答复其他行政区划", "{dir}",
			"请停止本节点，启用最新的数据目录；最新的一份已经没有了的，请执行 xietong ledger continue --reason TEXT：账本以新的纪元继续，失去哪些条目记入账本，其中终止过的共享权限、数据资源、部门、下级随即在此终止"},
		en: parts{"Ledger is not the newest", "{name} saw {size} [entry|entries] of {jurisdiction}, signed by it, and this data directory had {total} when it was started: it is an old backup or a copy. " +
			"To sign on would fork the ledger, so it signs no checkpoint and no new keys, and answers no other jurisdiction", "{dir}",
			"stop this node, and use the newest data directory; if there is none any more, run `xietong ledger continue --reason TEXT`: the ledger goes on in a new epoch and says which entries are lost, and the grants, datasets, agencies and children that ended in them end here"},
	},
	{
		number: 519, code: CopyForked, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "name", "size", "dir"},
		zh: parts{"账本已分叉", "{name} 见过 {jurisdiction} 签名的另一份账本，有 {size} 个条目，与这个数据目录中的不同：有两个目录曾同时签名，或者旧备份放回之后继续签过名。因此不签发检查点和新密钥，不答复其他行政区划", "{dir}",
			"请查明哪个目录是原来的，只启用那一个；本目录请停止并保留，其中多出的条目须由经办部门重新办理。原来的已经没有了的，请在此执行 xietong ledger continue --reason TEXT：账本以新的纪元继续"},
		en: parts{"Ledger forked", "{name} saw {size} [entry|entries] of {jurisdiction}, signed by it, that differ from those in this data directory: two directories signed at the same time, or an old backup was put back and signed on. " +
			"So it signs no checkpoint and no new keys, and answers no other jurisdiction", "{dir}",
			"find out which directory is the original, and run that one alone; stop this one and keep it: what only this one recorded, its agencies must do again. If the original is gone, run `xietong ledger continue --reason TEXT` here: the ledger goes on in a new epoch"},
	},
	{
		number: 520, code: LedgerNotInQuestion, status: http.StatusConflict, params: []string{"jurisdiction"},
		zh: parts{"账本无须确认", "{jurisdiction} 的账本没有待核实的问题；没有写入任何内容", "{jurisdiction}", "无须操作；可用 xietong status 查看"},
		en: parts{"Ledger needs no word", "the ledger of {jurisdiction} is not in question, so there is nothing to continue; nothing was recorded", "{jurisdiction}",
			"nothing needs doing; `xietong status` says how it is"},
	},
	{
		number: 521, code: ReplicaInQuestion, status: http.StatusServiceUnavailable, params: []string{"replica", "dir"},
		zh: parts{"副本待更换", "副本 {replica} 的数据目录不在原来记下的位置，或者内容少于它曾签名的，可能是复制件或旧备份；它跟随其他副本，但不表决，不签名，不答复其他行政区划", "{dir}",
			"这是从仍在使用的机器复制来的，只须停止这里的节点，不要移除 {replica}。否则，请停止这台机器上的节点，在另一副本上执行 xietong replica invite 和 xietong replica remove {replica}，然后在空目录执行 xietong replica join；全部副本一同迁移的，请在每台机器上执行 xietong ledger continue --newest --reason TEXT；全部从旧备份恢复的，执行 xietong ledger continue --reason TEXT 可得知怎么办；status 另有 replicas-put-back 的，按那一条办"},
		en: parts{"Replica to be replaced", "the data directory of replica {replica} is not where it was noted, or holds less than it signed: it may be a copy or an old backup. " +
			"It follows the others, but has no vote, signs nothing, and answers no other jurisdiction", "{dir}",
			"if this directory was copied from a machine that is in use, stop the node here, and do nothing else: do not remove {replica}. Otherwise stop the node on this machine, run `xietong replica invite` and `xietong replica remove {replica}` on another replica, and `xietong replica join` in an empty directory; where all replicas were moved at once, run `xietong ledger continue --newest --reason TEXT` on each; where all were put back from backups, `xietong ledger continue --reason TEXT` says what to do; where `status` has `replicas-put-back` too, do what that says"},
	},
	{
		number: 522, code: BeingVerified, status: http.StatusServiceUnavailable, params: []string{"jurisdiction"}, again: true,
		zh: parts{"对方账本待核实", "{jurisdiction} 的节点刚从备份恢复或迁移，尚未证实它的账本是最新的，其间不答复其他行政区划", "{jurisdiction}",
			"请稍后重新执行同一命令；一直如此的，请联系该行政区划的管理员，请他执行 xietong status"},
		en: parts{"Ledger of the other one in question", "the node of {jurisdiction} was restored or moved, and it is not known yet that its ledger is the newest; meanwhile it answers no other jurisdiction", "{jurisdiction}",
			"repeat the command later; if it stays so, have the administrator there run `xietong status`"},
	},
	{
		number: 557, code: LinkUncompared, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "name"}, again: true,
		zh: parts{"新链路尚未核对账本", "{name} 与 {jurisdiction} 之间新建了链路，{name} 还没有说明它见过 {jurisdiction} 的哪些条目，或者答复的副本还没有与其他副本一致，或者说见过这里没有的而不能证实；在此之前，经 {name} 传来的请求，{jurisdiction} 一律不办，未作任何记录", "{name}",
			"请稍后重新执行同一命令：{jurisdiction} 每隔几秒、最多半分钟再问一次 {name}，它答复后立即照常办理；超过 10 分钟仍是如此的，请 {name} 的管理员执行 xietong status"},
		en: parts{"New link not compared yet", "there is a new link between {name} and {jurisdiction}, and {name} has not said yet what it saw of the ledger of {jurisdiction}, or said it from a replica that may lack what the others have, or says that it saw more than is there and does not prove it; until it has, {jurisdiction} does nothing that is asked through {name}, and nothing was recorded", "{name}",
			"repeat the command later: {jurisdiction} asks {name} again after some seconds, at most half a minute, and goes on at once when it has answered; if it stays so for more than 10 minutes, have the administrator of {name} run `xietong status`"},
	},
	{
		number: 578, code: AboveUncompared, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "name", "above"}, again: true,
		zh: parts{"上级的上级尚未核对账本", "{name} 与 {jurisdiction} 之间新建了链路，{name} 说没有见过更多，但它可能与 {jurisdiction} 一同恢复成旧状态；{above} 留存 {jurisdiction} 的要素，还没有说明有哪些；在此之前，经 {name} 传来的请求，{jurisdiction} 一律不办，未作任何记录", "{above}",
			"请稍后重新执行同一命令：{jurisdiction} 每秒再问一次 {above}，它答复后立即照常办理；一直不答复的，10 分钟后照常办理；请看 {name} 与 {above} 之间是否连接（xietong tree）"},
		en: parts{"Level above the parent not compared yet", "there is a new link between {name} and {jurisdiction}. {name} says that it saw no more, and may have been set back together with {jurisdiction}; {above} keeps the heads of {jurisdiction}, and has not said yet which; until it has, {jurisdiction} does nothing that is asked through {name}, and nothing was recorded", "{above}",
			"repeat the command later: {jurisdiction} asks {above} again every second, and goes on at once when it has answered, and after 10 minutes where it does not; see whether {name} and {above} are connected (`xietong tree`)"},
	},
	{
		number: 523, code: SignedSizeUnnoted, status: http.StatusInsufficientStorage, params: []string{"file", "reason"},
		zh: parts{"签名位置无法记下", "本机签名到哪个条目，无法记到数据目录之外（{reason}）；节点照常运行，但数据目录被旧备份替换时可能无从发现", "{file}",
			"请检查 signed_sizes 所指的文件夹：节点的用户须能写入，磁盘须有空间"},
		en: parts{"Signed size not noted", "how far this node signed cannot be noted outside the data directory ({reason}); the node runs as usual, but an old backup put in place of the data directory may not be found", "{file}",
			"look after the folder that `signed_sizes` names: the user of the node must be able to write there, and the disk must have room"},
	},
	{
		number: 530, code: LostUnknown, status: http.StatusConflict, params: []string{"jurisdiction", "name", "known", "size"},
		zh: parts{"失去的条目内容不明", "{jurisdiction} 失去的条目中，{known} 号以前的要素有上级留存，此后至 {size} 号为止的无人留存（{name} 见过，但不知其内容），其中终止过什么无从得知；没有写入任何内容", "{jurisdiction}",
			"出事前最后一两分钟办理过什么，请对照其他材料逐一核对：xietong grant list、xietong agency list、xietong dataset list、xietong tree；核对后，以 --checked 重新执行，再把已经终止过的逐一终止"},
		en: parts{"Lost entries not known", "the heads of the entries that {jurisdiction} lost are kept before entry {known}, and of those after it, before entry {size}, nobody keeps any: {name} saw that they were there, and not what they say. So nobody knows what ended in them; nothing was recorded", "{jurisdiction}",
			"find out what was done in the last minutes before the loss: look through `xietong grant list`, `xietong agency list`, `xietong dataset list` and `xietong tree`, beside what other papers say; then repeat this with --checked, and end what had ended"},
	},
	{
		number: 531, code: LostKeys, status: http.StatusConflict, params: []string{"jurisdiction"},
		zh: parts{"密钥已在失去的条目中更换", "{jurisdiction} 的密钥在失去的条目中更换过，或者另一目录已开始新的纪元；本目录的密钥不再有效，不能继续；没有写入任何内容", "{jurisdiction}",
			"请停止本节点，启用最新的数据目录；没有了的，请上级用 xietong invite NAME --rekey 重新邀请，再在本目录执行 xietong join TOKEN --alone --reason 理由：账本保留，密钥另做；有恢复密钥纸件的，加上 --recovery，否则其他行政区划要等 72 小时。如果这就是最新的目录，则有人以本级名义更换了密钥：请立即致电上级查明"},
		en: parts{"Keys changed in what is lost", "the keys of {jurisdiction} changed in the entries that are lost, or another directory has begun a new epoch; the keys of this one count no more, so it cannot go on; nothing was recorded", "{jurisdiction}",
			"stop this node, and use the newest data directory; if there is none any more, have the parent run `xietong invite NAME --rekey`, and run `xietong join TOKEN --alone --reason TEXT` in this directory: the ledger stays, the keys are made anew. Add --recovery if the paper with the recovery key is there, or others wait for 72 hours. If this is the newest, somebody else has made keys in its name: call the parent at once"},
	},
	{
		number: 532, code: EpochUnsettled, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "epoch", "dir"}, again: true,
		zh: parts{"新纪元尚未就绪", "{jurisdiction} 的账本以第 {epoch} 纪元继续，失去的条目中终止过的，正在此逐一终止；其间照常记录、服务本级部门，但不签发检查点和新密钥，不答复其他行政区划", "{dir}",
			"请稍候，节点每 30 秒自动再试；一分钟后仍是如此的，请看上级是否连接（xietong tree）。已经连接而仍是如此的，失去的条目有一部分无人留存要素（通常是最后一分钟的），须由人工逐一核对 xietong grant list、xietong agency list、xietong dataset list、xietong tree，再执行 xietong ledger continue --checked --reason TEXT"},
		en: parts{"New epoch not settled", "the ledger of {jurisdiction} goes on in epoch {epoch}, and what ended in the entries that are lost is being ended here; meanwhile the node records and serves its own agencies, but signs no checkpoint and no new keys, and answers no other jurisdiction", "{dir}",
			"wait; the node tries again every 30 seconds by itself; if it stays so for a minute, see whether the parent is connected (`xietong tree`). If it is, nobody keeps the heads of some of the lost entries, mostly those of the last minute: look through `xietong grant list`, `xietong agency list`, `xietong dataset list` and `xietong tree`, and then run `xietong ledger continue --checked --reason TEXT`"},
	},
	{
		number: 533, code: LostUnasked, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "name"}, again: true,
		zh: parts{"留存要素的一方没有答复", "{jurisdiction} 失去的条目中终止过什么，要向上级取回要素；上级现在没有答复（见过这些条目的是 {name}）；没有写入任何内容", "{jurisdiction}",
			"请看上级是否连接（xietong tree），连接之后重新执行同一命令；10 分钟后仍连接不上的，可在逐一核对后以 --checked 执行"},
		en: parts{"Whoever keeps the heads did not answer", "what ended in the entries that {jurisdiction} lost is fetched from its parent, which does not answer now ({name} saw those entries); nothing was recorded", "{jurisdiction}",
			"see whether the parent is connected (`xietong tree`), and repeat the command once it is; if it cannot be reached for 10 minutes, look through everything, and repeat the command with --checked"},
	},
	{
		number: 373, code: LostUnproven, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "name"}, again: true,
		zh: parts{"取回的要素没有证明", "{jurisdiction} 失去的条目中终止过什么，要向上级取回要素；上级答复了，但已知的密钥都不能证明其答复（见过这些条目的是 {name}）；没有写入任何内容", "{jurisdiction}",
			"每 30 秒自动重新取一次；10 分钟后仍不能证明的，请逐一核对授权、部门、数据集和下级，再执行 xietong ledger continue --checked --reason 理由，并把本节点日志交给本节点和上级节点的管理员"},
		en: parts{"Heads are not proven", "what ended in the entries that {jurisdiction} lost is fetched from its parent, which answered, but no keys that are known prove its answer ({name} saw those entries); nothing was recorded", "{jurisdiction}",
			"it is fetched again every 30 seconds; if it is not proven after 10 minutes, look through the grants, agencies, datasets and children, run `xietong ledger continue --checked --reason TEXT`, and give this node's log to its administrator and that of the parent"},
	},
	{
		number: 544, code: KeysOutrun, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "number", "dir"},
		zh: parts{"密钥不是最新的", "{jurisdiction} 在第 {number} 号密钥集之后已更换密钥：上级出示了其后的一份，由这一号签名，而这个数据目录中没有，因此是旧备份或复制件，其密钥不再有效，也不能人工确认后继续。其间照常记录、服务本级部门，但不签发检查点和新密钥，不答复其他行政区划", "{dir}",
			"请停止本节点，启用最新的数据目录；没有了的，请上级用 xietong invite NAME --rekey 重新邀请，再在本目录执行 xietong join TOKEN --alone --reason 理由：账本保留，密钥另做；有恢复密钥纸件的，加上 --recovery，否则其他行政区划要等 72 小时"},
		en: parts{"Keys are not the newest", "the keys of {jurisdiction} changed after key set {number}, the newest in this data directory: the parent has shown the one that follows, signed by this one. So it is an old backup or a copy, its keys count no more, and no word has it go on. " +
			"Meanwhile the node records and serves its own agencies, but signs no checkpoint and no new keys, and answers no other jurisdiction", "{dir}",
			"stop this node, and use the newest data directory; if there is none any more, have the parent run `xietong invite NAME --rekey`, and run `xietong join TOKEN --alone --reason TEXT` in this directory: the ledger stays, the keys are made anew. Add --recovery if the paper with the recovery key is there, or others wait for 72 hours"},
	},
	{
		number: 567, code: KeysBeside, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "number", "dir"},
		zh: parts{"密钥分为两支", "{jurisdiction} 在第 {number} 号密钥集之后有两份：这个数据目录中有一份，上级背书并出示了另一份，两份都由这一号签名。因此这个数据目录是旧备份或复制件，没有最新的条目就继续了，或者另有人持有其密钥；目录中的密钥不再有效，也不能人工确认后继续。其间照常记录、服务本级部门，但不签发检查点和新密钥，不答复其他行政区划", "{dir}",
			"请停止本节点，启用最新的数据目录；没有了的，请上级用 xietong invite NAME --rekey 重新邀请，再在本目录执行 xietong join TOKEN --alone --reason 理由：账本保留，密钥另做；有恢复密钥纸件的，加上 --recovery，否则其他行政区划要等 72 小时。如果这就是最新的目录，则有人以本级名义更换了密钥：请立即致电上级查明"},
		en: parts{"Keys went two ways", "two key sets of {jurisdiction} follow number {number}: this data directory has one, and the parent endorsed another, which it has shown; both are signed by that number. So the directory is an old backup or a copy that went on without the newest entries, or somebody else has its keys; its keys count no more, and no word has it go on. " +
			"Meanwhile the node records and serves its own agencies, but signs no checkpoint and no new keys, and answers no other jurisdiction", "{dir}",
			"stop this node, and use the newest data directory; if there is none any more, have the parent run `xietong invite NAME --rekey`, and run `xietong join TOKEN --alone --reason TEXT` in this directory: the ledger stays, the keys are made anew. Add --recovery if the paper with the recovery key is there, or others wait for 72 hours. If this is the newest, somebody else has made keys in its name: call the parent at once"},
	},
	{
		number: 548, code: RootUnsaved, status: http.StatusConflict, params: []string{"number"},
		zh: parts{"根须立即备份", "本节点启动之后，根有了第 {number} 号密钥集（人工确认继续、更换密钥等都会产生）：此前的所有备份，包括刚恢复的那一份，都不能再让根继续；此时磁盘再损坏，整棵树须重建", "数据目录",
			"请立即停止节点（xietong stop），将整个数据目录复制到别处，再启动；节点下次启动后不再告警，但无从得知是否真的做了备份"},
		en: parts{"Back up the root at once", "since this node was started the root has made key set {number}, as a word by which it goes on, or other keys, do: no backup from before can have the root go on, not even the one that was just put back; if the disk fails now, the whole tree must begin anew", "the data directory",
			"stop the node (`xietong stop`), copy the whole data directory to another place, and start the node, at once; the next start ends this alarm, and cannot know whether a copy was made"},
	},
	{
		number: 570, code: KeysOutrunRoot, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "number", "dir"},
		zh: parts{"根的密钥不是最新的", "{jurisdiction} 在第 {number} 号密钥集之后已更换密钥：下级出示了其后的一份，由这一号签名，而这个数据目录中没有，因此是旧备份或复制件，其密钥不再有效，下级不再采信，也不能人工确认后继续。其间照常记录、服务本级部门，但不签发检查点和新密钥，不答复其他行政区划", "{dir}",
			"请停止本节点，启用最新的数据目录，或者更换密钥之后的最新备份，下级随即重新采信。都没有了的，没有人能为根另发密钥，只能重建：在空目录中执行 xietong init，邀请每个下级，下级在空目录中执行 xietong join；旧目录须保留，见 docs/zh/operating.md“根的密钥失去了”"},
		en: parts{"Keys of the root are not the newest", "the keys of {jurisdiction} changed after key set {number}, the newest in this data directory: a child has shown the one that follows, signed by this one. So it is an old backup or a copy, its keys count no more, no child believes them, and no word has it go on. " +
			"Meanwhile the node records and serves its own agencies, but signs no checkpoint and no new keys, and answers no other jurisdiction", "{dir}",
			"stop this node, and use the newest data directory, or the newest backup from after the change of keys: the children believe that again. If there is none any more, nobody can give a root other keys, and the tree begins anew: run `xietong init` in an empty directory, and invite each child, which runs `xietong join` in an empty directory; keep the old ones. See docs/operating.md, \"When the keys of the root are lost\""},
	},
	{
		number: 571, code: KeysBesideRoot, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "number", "dir"},
		zh: parts{"根的密钥分为两支", "{jurisdiction} 在第 {number} 号密钥集之后有两份：这个数据目录人工确认继续之后有了一份，下级知道并出示了另一份，两份都由这一号签名。因此这个数据目录是旧备份或复制件，没有最新的条目就继续了；其密钥不再有效，下级不再采信，也不能人工确认后继续。其间照常记录、服务本级部门，但不签发检查点和新密钥，不答复其他行政区划", "{dir}",
			"请停止本节点，启用最新的数据目录，或者更换密钥之后的最新备份，下级随即重新采信。都没有了的，没有人能为根另发密钥，只能重建：在空目录中执行 xietong init，邀请每个下级，下级在空目录中执行 xietong join；旧目录须保留，见 docs/zh/operating.md“根的密钥失去了”"},
		en: parts{"Keys of the root went two ways", "two key sets of {jurisdiction} follow number {number}: this data directory has made one since a person had it go on, and a child knows another, which it has shown; both are signed by that number. So the directory is an old backup or a copy that went on without the newest entries; its keys count no more, no child believes them, and no word has it go on. " +
			"Meanwhile the node records and serves its own agencies, but signs no checkpoint and no new keys, and answers no other jurisdiction", "{dir}",
			"stop this node, and use the newest data directory, or the newest backup from after the change of keys: the children believe that again. If there is none any more, nobody can give a root other keys, and the tree begins anew: run `xietong init` in an empty directory, and invite each child, which runs `xietong join` in an empty directory; keep the old ones. See docs/operating.md, \"When the keys of the root are lost\""},
	},
	{
		number: 572, code: LostKeysRoot, status: http.StatusConflict, params: []string{"jurisdiction"},
		zh: parts{"根的密钥已在失去的条目中更换", "{jurisdiction} 的密钥在失去的条目中更换过，或者另一目录已开始新的纪元；本目录的密钥不再有效，不能继续；没有写入任何内容", "{jurisdiction}",
			"请停止本节点，启用最新的数据目录，或者更换密钥之后的最新备份，下级随即重新采信。都没有了的，没有人能为根另发密钥，只能重建：在空目录中执行 xietong init，邀请每个下级，下级在空目录中执行 xietong join；旧目录须保留，见 docs/zh/operating.md“根的密钥失去了”"},
		en: parts{"Keys of the root changed in what is lost", "the keys of {jurisdiction} changed in the entries that are lost, or another directory has begun a new epoch; the keys of this one count no more, so it cannot go on; nothing was recorded", "{jurisdiction}",
			"stop this node, and use the newest data directory, or the newest backup from after the change of keys: the children believe that again. If there is none any more, nobody can give a root other keys, and the tree begins anew: run `xietong init` in an empty directory, and invite each child, which runs `xietong join` in an empty directory; keep the old ones. See docs/operating.md, \"When the keys of the root are lost\""},
	},
	{
		number: 573, code: ParentKeysOld, status: http.StatusServiceUnavailable, params: []string{"name", "jurisdiction"},
		zh: parts{"上级的密钥是旧的", "在{name}（{jurisdiction}）的地址上应答的，持有的是它以前的密钥：其数据目录由更换密钥之前的备份恢复，或者另有人持有其旧密钥。这些密钥不再采信", "{jurisdiction}",
			"请致电{name}，请它执行 xietong status，其中说明了怎样处理。本级无须操作：{name}启用最新的数据目录后，一切自行恢复"},
		en: parts{"Parent has old keys", "whoever answers at the address of {name} ({jurisdiction}) has keys that it had before: its data directory was put back from before they were changed, or somebody else has its old keys. They are believed no more", "{jurisdiction}",
			"call {name}, and have it run `xietong status`, which says what to do there. Nothing is to be done here: once {name} runs with its newest data directory, all goes on by itself"},
	},
	{
		number: 564, code: GroupSetBack, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "name", "size", "replica"},
		zh: parts{"各副本均已退回旧状态", "{name} 见过 {jurisdiction} 签名的 {size} 个条目，而各副本中没有，或者与之不同：全部副本都从旧备份恢复，或者被退回。继续签名会使账本分叉，因此副本 {replica} 不签名，也不答复其他行政区划", "{jurisdiction}",
			"有任何一个副本的最新数据目录还在的，请停止全部副本，启用最新的。没有了的，请上级用 xietong invite NAME --rekey 重新邀请，停止全部副本，只在其中一台上执行 xietong join TOKEN --alone --reason 理由（有恢复密钥纸件的，加上 --recovery）：账本以新的纪元继续，失去的记入账本；然后再逐一增加副本"},
		en: parts{"All replicas were set back", "{name} saw {size} [entry|entries] of {jurisdiction}, signed by it, that the replicas do not have, or have otherwise: all of them were put back from old backups, or set back. " +
			"To sign on would fork the ledger, so nothing is signed on replica {replica}, and no other jurisdiction is answered", "{jurisdiction}",
			"if the newest data directory of any replica is left, stop all replicas, and use the newest. If there is none, have the parent run `xietong invite NAME --rekey`, stop all replicas, and run `xietong join TOKEN --alone --reason TEXT` on one machine alone (with --recovery if the paper with the recovery key is there): the ledger goes on in a new epoch and says what is lost; then add replicas again"},
	},
	{
		number: 565, code: GroupUnsaid, status: http.StatusConflict, params: []string{"jurisdiction", "replica"},
		zh: parts{"须说明各副本是否最新", "副本 {replica} 的数据目录可能是复制件或旧备份，而 {jurisdiction} 有多个副本；没有写入任何内容", "{jurisdiction}",
			"只有这一个副本如此的，请更换它：xietong replica replace {replica}。全部副本一同迁移、什么都没有失去的，请在每台机器上以 --newest 重新执行。全部从旧备份恢复、更新的已经没有了的，请上级用 xietong invite NAME --rekey 重新邀请，停止全部副本，只在其中一台上执行 xietong join TOKEN --alone --reason 理由：账本以新的纪元继续"},
		en: parts{"Say whether the replicas are the newest", "the data directory of replica {replica} may be a copy or an old backup, and {jurisdiction} has several replicas; nothing was recorded", "{jurisdiction}",
			"if this is the only one, replace it: `xietong replica replace {replica}`. If all replicas were moved at once, and nothing is lost, repeat this with --newest on each machine. If all were put back from old backups, and nothing newer is left, have the parent run `xietong invite NAME --rekey`, stop all replicas, and run `xietong join TOKEN --alone --reason TEXT` on one machine alone: the ledger goes on in a new epoch"},
	},
	{
		number: 550, code: KeysUnendorsed, status: http.StatusConflict, params: []string{"jurisdiction", "dir"},
		zh: parts{"新密钥尚未背书", "{jurisdiction} 在这个数据目录中以另做的一套密钥继续，上级尚未背书，因此节点没有启动", "{dir}",
			"请重复 xietong join TOKEN --alone；邀请已失效的，请上级用 xietong invite NAME --rekey 重新邀请，再以新的邀请执行"},
		en: parts{"New keys not endorsed yet", "{jurisdiction} goes on with new keys in this data directory, which the parent has not endorsed yet, so the node was not started", "{dir}",
			"repeat `xietong join TOKEN --alone`; if the invitation is no good any more, have the parent run `xietong invite NAME --rekey`, and use the new one"},
	},
	{
		number: 569, code: SawUnproven, status: http.StatusForbidden, params: []string{"name", "jurisdiction", "size", "dir"},
		zh: parts{"上级所见未经证实", "{jurisdiction}说它见过{name}账本的 {size} 个条目，但这不是由本目录中的密钥集、接续它们的密钥集，或者{jurisdiction}为{name}背书过的密钥集签名的，因此不能据此说明失去了什么。什么都没有改变", "{dir}",
			"请停止，致电{jurisdiction}和它的上级，查明它把谁的密钥当作{name}的。本级有更新的备份或数据目录的，请换用它，再以同一邀请重复本命令。没有的，请其重新邀请，在空目录执行 xietong join TOKEN：账本从头开始，现有的记录和目录须重新登记"},
		en: parts{"What the parent saw is not proven", "{jurisdiction} says that it saw {size} [entry|entries] of the ledger of {name}, but no key set signed that which is in this directory or follows one in it, nor one that {jurisdiction} endorsed for {name}, so it cannot say what is lost. Nothing was changed", "{dir}",
			"stop here, call {jurisdiction} and the level above it, and find out whose keys it takes for those of {name}. If there is a newer backup or data directory of your own, repeat this command in that, with the same invitation; if there is none, have it invite anew, and run `xietong join TOKEN` in an empty directory: the ledger begins anew, and what is in this one must be entered again"},
	},
	{
		number: 551, code: ActFormer, status: http.StatusConflict, params: []string{"jurisdiction", "reason"},
		zh: parts{"凭证须由以前的密钥证明", "这个条目由 {jurisdiction} 以前的密钥签名，本机没有证明它所需的内容，不能出具存证凭证（{reason}）", "{jurisdiction}",
			"请在当时执行 xietong join TOKEN --alone 的机器上取凭证，证明所需的内容只留在它的数据目录中；那里也不能出具的，请使用当时已经取得的凭证"},
		en: parts{"Receipt needs the keys of before", "this entry was signed with keys that {jurisdiction} had before, and what proves them is not on this machine, so no receipt can be made ({reason})", "{jurisdiction}",
			"get it on the machine on which `xietong join TOKEN --alone` was run: its data directory alone has what proves the entry; if there is none either, use a receipt that was got before"},
	},
	{
		number: 545, code: LostUnseen, status: http.StatusConflict, params: []string{"jurisdiction"},
		zh: parts{"失去什么无人能说", "没有上下级说过它见过 {jurisdiction} 的哪些条目，因此失去了多少、其中终止过什么，都无从得知；没有写入任何内容", "{jurisdiction}",
			"什么都没有失去、只是迁移了目录的，请以 --newest 重新执行。是旧备份的，先设法连通上级；连不通的，请上级的上级执行 xietong ledger list --at NAME 告知已知的，再逐一核对 xietong grant list、xietong agency list、xietong dataset list、xietong tree；核对后以 --checked 重新执行：账本以新的纪元继续，再把已经终止过的逐一终止"},
		en: parts{"Nobody tells what is lost", "no neighbour said what it saw of the ledger of {jurisdiction}, so nobody knows how many entries are lost, and what ended in them; nothing was recorded", "{jurisdiction}",
			"if nothing is lost, because the directory was only moved, repeat this with --newest. If it is an old backup, try to have the parent connected; if it cannot be, ask the level above the parent for what it knows (`xietong ledger list --at NAME`, there), and look through `xietong grant list`, `xietong agency list`, `xietong dataset list` and `xietong tree`; then repeat this with --checked: the ledger goes on in a new epoch. End then what had ended"},
	},
	{
		number: 566, code: LostUnseenRoot, status: http.StatusConflict, params: []string{"jurisdiction"},
		zh: parts{"失去什么无人能说", "没有下级说过它见过 {jurisdiction} 的哪些条目，它也没有上级，因此失去了多少、其中终止过什么，都无从得知；没有写入任何内容", "{jurisdiction}",
			"什么都没有失去、只是迁移了目录的，请以 --newest 重新执行。是旧备份的，先看 xietong tree：有下级没有连接的，设法连通后重新执行，它可能见过。都不能说明的，逐一核对 xietong grant list、xietong agency list、xietong dataset list、xietong tree，并向各下级核实；核对后以 --checked 重新执行：账本以新的纪元继续，再把已经终止过的逐一终止"},
		en: parts{"Nobody tells what is lost", "no child said what it saw of the ledger of {jurisdiction}, and there is no parent, so nobody knows how many entries are lost, and what ended in them; nothing was recorded", "{jurisdiction}",
			"if nothing is lost, because the directory was only moved, repeat this with --newest. If it is an old backup, see `xietong tree`: a child that is not linked may have seen more, so have it connected, and repeat this. Where none can tell, look through `xietong grant list`, `xietong agency list`, `xietong dataset list` and `xietong tree`, and ask the children; then repeat this with --checked: the ledger goes on in a new epoch. End then what had ended"},
	},
	{
		number: 546, code: EntryRenamed, status: http.StatusGone, params: []string{"entry", "next"},
		zh: parts{"条目已另行命名", "{entry} 已经失去，或者不是该条目的名称：账本待核实期间告知的名称，以新的纪元继续之后已经改变；新纪元之前的条目，仍用其原来的名称。这个位置的条目名为 {next}", "{entry}",
			"要的是现有的那一条的，请改用 {next}；要的是失去的那一条的，以前保存的存证凭证仍可离线验证"},
		en: parts{"Entry has another name", "{entry} is lost, or names by one epoch what is of another: what was recorded while the ledger was in question has a name of the new epoch, and what was there before keeps the name that it had. The entry at this place is {next}", "{entry}",
			"if you mean the entry that is there, use {next}; if you mean the lost one, a receipt file that was saved verifies offline as ever"},
	},
	{
		number: 568, code: KeysEndedAsked, status: http.StatusServiceUnavailable, again: true, params: []string{"jurisdiction"},
		zh: parts{"签名密钥已到期", "正在使用的签名密钥已到期，签出的内容无法验证，因此没有办理；账本待核实期间不换用新密钥", "{jurisdiction}",
			"请执行 xietong status，按其说明先使账本继续；此后一两分钟内节点会自动换用新密钥，届时再试"},
		en: parts{"Signing keys ended", "the signing keys in use have ended: what they sign could not be verified, so nothing was done; while the ledger is in question no other keys are made", "{jurisdiction}",
			"run `xietong status`, and have the ledger go on as it says; the node uses new keys by itself within a minute or two of that: try again then"},
	},
	{
		number: 547, code: ReplicaMute, status: http.StatusServiceUnavailable, params: []string{"replica"},
		zh: parts{"有副本不能表决", "副本 {replica} 的数据目录可能是复制件或旧备份：它跟随其他副本，但不表决，不签名，因此不能算作可用的一个", "{replica}",
			"请在那台机器上执行 xietong status；不是全部副本一同迁移的，请更换它：xietong replica invite，xietong replica remove {replica}，再在空目录执行 xietong replica join"},
		en: parts{"A replica has no vote", "the data directory of replica {replica} may be a copy or an old backup: it follows the others, but has no vote and signs nothing, so it is not one of those that are there", "{replica}",
			"run `xietong status` on that machine; unless all replicas were moved at once, replace it: `xietong replica invite`, `xietong replica remove {replica}`, and `xietong replica join` in an empty directory"},
	},
}
