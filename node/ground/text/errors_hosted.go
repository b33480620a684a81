package text

import "net/http"

// Codes of a jurisdiction that runs on its parent's node, and may have lost entries with it, and of
// one that runs on several.
const (
	LostHeaded       Code = "lost-headed"
	LostUnseenHosted Code = "lost-unseen-hosted"
	LostUnseenInside Code = "lost-unseen-inside"
	JoinShared       Code = "join-of-several"
	ReplicasPutBack  Code = "replicas-put-back"
	ReplicaNotFilled Code = "replica-not-filled"
	ListenTakenBy    Code = "listen-taken-by"
	ListenUnusable   Code = "listen-unusable"
	AboveUnheard     Code = "above-unheard"
	HeadsApart       Code = "heads-apart"

	LostKeysHosted       Code = "lost-keys-hosted"
	KeysOutrunHosted     Code = "keys-outrun-hosted"
	KeysUnendorsedHosted Code = "keys-unendorsed-hosted"
	HostKeysCount        Code = "host-keys-count"
	HostNoFolder         Code = "host-no-folder"
)

var hostedProblems = []problem{
	{
		number: 526, code: LostHeaded, status: http.StatusConflict, params: []string{"jurisdiction", "name", "size"},
		zh: parts{"末尾的条目无人见过", "{jurisdiction} 与上级在同一节点上，失去的条目中，{name} 留存 {size} 号以前的要素，其中终止过的将在此终止；要素要过几分钟才到那里，此后还有没有条目、终止过什么，无从得知；没有写入任何内容", "{jurisdiction}",
			"出事前几分钟办理过什么，请对照其他材料核对：xietong grant list、xietong agency list、xietong dataset list、xietong tree；核对后，以 --checked 重新执行，再把最后几分钟里终止过的逐一终止"},
		en: parts{"Nobody saw the last entries", "{jurisdiction} runs on its parent's node. Of the entries that it lost, {name} keeps the heads before entry {size}, and what they say ended will end here. Heads take some minutes to get there, so nobody knows whether there were more entries, and what ended in them; nothing was recorded", "{jurisdiction}",
			"find out what was done in the last minutes before the loss: look through `xietong grant list`, `xietong agency list`, `xietong dataset list` and `xietong tree`, beside what other papers say; then repeat this with --checked, and end what had ended in those minutes"},
	},
	{
		number: 527, code: LostUnseenHosted, status: http.StatusConflict, params: []string{"jurisdiction", "name"},
		zh: parts{"失去什么无人能说", "{jurisdiction} 与上级在同一节点上，上级一并退回，说不出失去了什么；{name} 留存它的要素，但没有本目录之外的，或者没有答复；没有写入任何内容", "{jurisdiction}",
			"什么都没有失去、只是迁移了目录的，请以 --newest 重新执行。是旧备份的，请看 xietong tree：从本节点到 {name} 有未连接的，或者上级的账本还待核实的，处理后重新执行。都已连接的，那里没有更多的了（要素要过几分钟才到）：出事前几分钟办理过什么，请逐一核对 xietong grant list、xietong agency list、xietong dataset list、xietong tree；核对后以 --checked 重新执行，再把已经终止过的逐一终止"},
		en: parts{"Nobody tells what is lost", "{jurisdiction} runs on its parent's node, which was put back with it, and so cannot tell what is lost. {name} keeps heads of it, and has none that are not here, or did not answer; nothing was recorded", "{jurisdiction}",
			"if nothing is lost, because the directory was only moved, repeat this with --newest. If it is an old backup, see `xietong tree`: where the way up to {name} is not linked, or the parent's ledger is in question itself, mend that first, and repeat this. Where all is linked, there is no more to know there (heads take some minutes): " +
				"look through `xietong grant list`, `xietong agency list`, `xietong dataset list` and `xietong tree` for what was done in the last minutes before the loss, and repeat this with --checked; end then what had ended"},
	},
	{
		number: 528, code: LostUnseenInside, status: http.StatusConflict, params: []string{"jurisdiction"},
		zh: parts{"失去什么无人能说", "{jurisdiction} 的各级上级都在这个节点上，一并退回；节点以外没有谁留存它的要素，因此失去了多少、其中终止过什么，都无从得知；没有写入任何内容", "{jurisdiction}",
			"什么都没有失去、只是迁移了目录的，请以 --newest 重新执行。是旧备份的，先找有没有更新的备份，有的启用它。没有了的，备份之后撤销的共享权限、终止的部门和数据资源都会恢复有效：请对照其他材料逐一核对 xietong grant list、xietong agency list、xietong dataset list、xietong tree；核对后以 --checked 重新执行：账本以新的纪元继续，随即把已经终止过的逐一终止"},
		en: parts{"Nobody tells what is lost", "all levels above {jurisdiction} run on this node, and were put back with it; nobody outside keeps heads of it, so nobody knows how many entries are lost, and what ended in them; nothing was recorded", "{jurisdiction}",
			"if nothing is lost, because the directory was only moved, repeat this with --newest. If it is an old backup, look for a newer one, and use that. If there is none, every grant that was revoked since the backup is live again, and every agency and dataset that ended: " +
				"look through `xietong grant list`, `xietong agency list`, `xietong dataset list` and `xietong tree`, beside what other papers say; then repeat this with --checked: the ledger goes on in a new epoch. End at once what had ended"},
	},
	{
		number: 529, code: JoinShared, status: http.StatusConflict, params: []string{"jurisdiction", "replica", "dir"},
		zh: parts{"这是几个副本之一", "这个数据目录是 {jurisdiction} 的副本 {replica}，另有其他副本，一个副本不能单独以现有的密钥加入；没有向上级递交任何内容，什么都没有改变", "{dir}",
			"其他副本还在的，不用邀请：启动节点（xietong serve）；要更换这个副本，在另一副本上执行 xietong replica replace {replica}；要补上后来找到的恢复密钥纸件，先启动节点，用 xietong replica remove 逐一移除其他副本，再执行本命令，然后重新邀请。其他副本都没有了，只剩这个目录的，请上级用 xietong invite NAME --rekey 邀请，再执行 xietong join TOKEN --alone --reason 理由（有恢复密钥纸件的，加上 --recovery）"},
		en: parts{"This is one replica of several", "this data directory is that of {replica} of {jurisdiction}, which has other replicas, and one alone cannot join with the keys that are here; nothing was handed to the parent, and nothing was changed", "{dir}",
			"if the others are still there, no invitation is needed: start the node (`xietong serve`), or have another one run `xietong replica replace {replica}`. To bring a paper that was found late, start the node, take the others out with `xietong replica remove`, repeat this command, and invite them again. If they are gone for good, and this directory is what is left, have the parent run `xietong invite NAME --rekey`, and run `xietong join TOKEN --alone --reason TEXT` (with --recovery if the paper with the recovery key is there)"},
	},
	{
		number: 538, code: ReplicasPutBack, status: http.StatusServiceUnavailable, params: []string{"replicas", "there", "voters", "missing"},
		zh: parts{"退回旧状态的副本过多", "副本 {replicas} 的数据目录可能是复制件或旧备份，不表决；其余能表决的只有 {there} 个（共 {voters} 个），选不出主副本，因此不能写入，也不能更换副本", "{replicas}",
			"请让未被退回的副本继续运行：它们的目录最新，什么都没有失去。只在 {replicas} 中的 {missing} 台上（不要更多）执行 xietong ledger continue --reason 理由（不要加 --newest）：它从未被退回的副本补齐所缺，重新表决。选出主副本之后，其余的按 xietong status 届时的提示逐一更换。未被退回的机器也已经没有了的，见 docs/zh/three-machines.md"},
		en: parts{"Too many replicas were put back", "the data directories of {replicas} may be copies or old backups, so they have no vote, and of the others only {there} of {voters} can vote: none leads, so nothing can be written, and none can be replaced", "{replicas}",
			"leave those running that were not put back: their directories are the newest, and nothing is lost. On {missing} of {replicas} alone, and on no more, run `xietong ledger continue --reason TEXT`, without --newest: it takes in what it lacks from those, and votes again. Once one leads, replace the rest, as `xietong status` says then. If those that were not put back are gone too, see docs/three-machines.md"},
	},
	{
		number: 539, code: ReplicaNotFilled, status: http.StatusServiceUnavailable, params: []string{"replica", "by"}, again: true,
		zh: parts{"没有取得账本", "副本 {replica} 的密钥已经做好，但 {by} 都没有把账本交到底：多半是那里的数据缺失或已损坏", "{by}",
			"请在那些机器上执行 xietong status，它会指明损坏的文件；files 文件夹中的旧条目文件，可从本账本的任何一份备份（更早的也可以）复制同名文件到原处。修好一台之后，重复同一命令，从停下的地方继续"},
		en: parts{"The ledger was not handed over", "the keys of replica {replica} are made, but none of {by} handed the ledger over to its end: mostly because data there are missing or damaged", "{by}",
			"run `xietong status` on those machines, which names the damaged file; one that lies in the folder files can be copied to its place from any backup of this ledger, also an older one. Once one of them is mended, repeat the same command: it goes on where it stopped"},
	},
	{
		number: 542, code: ListenTakenBy, status: http.StatusConflict, params: []string{"address", "pid", "program"},
		zh: parts{"地址已被占用", "{address}（UDP）已被进程 {pid}（{program}）占用；没有加入，什么都没有改变", "{address}",
			"请用 ps -fp {pid} 查看它是什么；停用它（如另一个节点），或者以 --listen 给出另一个端口，再重复同一命令"},
		en: parts{"Address taken", "process {pid} ({program}) uses {address} (UDP); nothing was joined or changed", "{address}",
			"see what it is with ps -fp {pid}; end it, such as another node, or give another port with --listen, and repeat the same command"},
	},
	{
		number: 543, code: ListenUnusable, status: http.StatusConflict, params: []string{"address", "reason"},
		zh: parts{"地址不可用", "不能在 {address}（UDP）监听：{reason}；没有加入，什么都没有改变", "{address}",
			"请以 --listen 给出本机的地址和空闲的端口（如 0.0.0.0:7400），再重复同一命令。已被占用的，是哪个程序请用 root 执行 ss -lunp 查看"},
		en: parts{"Unusable address", "it is not possible to listen on {address} (UDP): {reason}; nothing was joined or changed", "{address}",
			"give an address of this machine and a free port with --listen (such as 0.0.0.0:7400), and repeat the same command. Where it is in use, ss -lunp as root tells by which program"},
	},
	{
		number: 574, code: AboveUnheard, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "name"}, again: true,
		zh: parts{"上级尚未说明留存", "{jurisdiction} 与上级在同一节点上，只有 {name} 留存它的要素；该节点启动以来，或者与 {name} 重新连接以来，{name} 还没有说明留存了什么；在此之前，经该节点传来的请求，{jurisdiction} 一律不办，未作任何记录", "{name}",
			"请稍后重新执行同一命令：每隔几秒、最多半分钟再问一次 {name}，它答复后立即照常办理；它一直不答复的，10 分钟后照常办理。请在 {jurisdiction} 的节点上执行 xietong tree，查看到 {name} 的各段是否连接"},
		en: parts{"The level above was not heard yet", "{jurisdiction} runs on its parent's node, so {name} alone keeps its heads, and has not said what it keeps since that node was started, or linked to {name} again; until it has, {jurisdiction} does nothing that is asked through that node, and nothing was recorded", "{name}",
			"repeat the command later: {name} is asked again after some seconds, at most half a minute, and all goes on at once when it has answered, or 10 minutes after it was asked first; see with `xietong tree` at the node of {jurisdiction} whether each step up to {name} is linked"},
	},
	{
		number: 575, code: HeadsApart, status: http.StatusConflict, params: []string{"name", "log", "size", "since"},
		zh: parts{"要素与留存的不相接", "{name}递交的 {log} 的要素，与本级已经留存的（{size} 号以前）不相接，本级没有接收：同一些条目名下，出示过两种历史，多半是一台机器被整体退回旧状态后继续签发", "{name}",
			"请致电{name}，查看该行政区划的 xietong status：账本待核实的，按那里的提示继续，新纪元的要素到达后告警自行消失；没有告警的，请核对这台机器是否从快照或备份恢复过（{since} 前后）"},
		en: parts{"Heads do not go on from those kept here", "{name} sent heads of {log} which do not go on from those kept here, before entry {size}, and they were not taken: two histories were shown under the same names, mostly because a machine was set back whole and signed on", "{name}",
			"telephone {name}, and see `xietong status` of that place: where its ledger is in question, go on as it says there, and this passes with the heads of its new epoch; where it has no alarm, find out whether the machine was put back from a snapshot or a backup (about {since})"},
	},
	{
		number: 591, code: LostKeysHosted, status: http.StatusConflict, params: []string{"jurisdiction", "parent"},
		zh: parts{"密钥已在失去的条目中更换", "{jurisdiction} 的密钥在失去的条目中更换过，或者另一目录已开始新的纪元；它在这里的密钥不再有效，不能继续；没有写入任何内容", "{jurisdiction}",
			"还有更新的数据目录的，请停止本节点，启用它。没有了的，{jurisdiction} 与上级在同一节点上，不用停止节点：上级的账本待核实的，先使它继续；再在本节点执行 xietong --in {parent} host add {jurisdiction} --rekey --reason 理由：账本保留，密钥另做；有恢复密钥纸件的，加上 --recovery，否则其他行政区划要等 72 小时。如果这就是最新的目录，则有人以它的名义更换了密钥：请立即查明"},
		en: parts{"Keys changed in what is lost", "the keys of {jurisdiction} changed in the entries that are lost, or another directory has begun a new epoch; the keys that it has here count no more, so it cannot go on; nothing was recorded", "{jurisdiction}",
			"if there is a newer data directory, stop this node, and use that. If there is none any more: {jurisdiction} runs on its parent's node, which need not stop. Where the parent's ledger is in question, have that go on first; then run `xietong --in {parent} host add {jurisdiction} --rekey --reason TEXT` here: the ledger stays, the keys are made anew. " +
				"Add --recovery if the paper with its recovery key is there, or others wait for 72 hours. If this is the newest, somebody else has made keys in its name: find out at once"},
	},
	{
		number: 592, code: KeysOutrunHosted, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "number", "parent"},
		zh: parts{"密钥不是最新的", "{jurisdiction} 在第 {number} 号密钥集之后已更换密钥：上级出示了其后的一份，由这一号签名，而这里没有，因此这里的是旧备份或复制件，其密钥不再有效，也不能人工确认后继续。其间照常记录、服务本级部门，但不签发检查点和新密钥，不答复其他行政区划", "{jurisdiction}",
			"还有更新的数据目录的，请停止本节点，启用它。没有了的，{jurisdiction} 与上级在同一节点上，不用停止节点：在本节点执行 xietong --in {parent} host add {jurisdiction} --rekey --reason 理由：账本保留，密钥另做；有恢复密钥纸件的，加上 --recovery，否则其他行政区划要等 72 小时。如果这就是最新的目录，则有人以它的名义更换了密钥：请立即查明"},
		en: parts{"Keys are not the newest", "the keys of {jurisdiction} changed after key set {number}: its parent has shown another one that follows, signed by that, and it is not here. So what is here is an old backup or a copy, its keys count no more, and no word has it go on. " +
			"Meanwhile the node records and serves its agencies, but signs no checkpoint and no new keys of it, and answers no other jurisdiction", "{jurisdiction}",
			"if there is a newer data directory, stop this node, and use that. If there is none any more: {jurisdiction} runs on its parent's node, which need not stop. Run `xietong --in {parent} host add {jurisdiction} --rekey --reason TEXT` here: the ledger stays, the keys are made anew. " +
				"Add --recovery if the paper with its recovery key is there, or others wait for 72 hours. If this is the newest, somebody else has made keys in its name: find out at once"},
	},
	{
		number: 593, code: KeysUnendorsedHosted, status: http.StatusConflict, params: []string{"jurisdiction", "parent"},
		zh: parts{"新密钥尚未背书", "{jurisdiction} 以另做的一套密钥继续，同一节点上的上级尚未背书，因此没有打开；其他行政区划照常服务", "{jurisdiction}",
			"请重复 xietong --in {parent} host add {jurisdiction} --rekey --reason 理由，从停下的地方继续；开始时加了 --recovery 的，再加上。上级的账本待核实的，先使它继续"},
		en: parts{"New keys not endorsed yet", "{jurisdiction} goes on with new keys, which its parent, on this node, has not endorsed yet, so it is not open; the others are served", "{jurisdiction}",
			"repeat `xietong --in {parent} host add {jurisdiction} --rekey --reason TEXT`, which goes on where it stopped; add --recovery where it was begun with it. Where the parent's ledger is in question, have that go on first"},
	},
	{
		number: 594, code: HostKeysCount, status: http.StatusConflict, params: []string{"name"},
		zh: parts{"密钥有效，不用另做", "{name}在本节点上的密钥有效，上级为其背书，账本也没有待核实的；没有改变任何内容", "{name}",
			"要更换密钥的，执行 xietong --in {name} keys renew；密钥泄露的，执行 xietong --in {name} keys revoke"},
		en: parts{"The keys count", "the keys that {name} has on this node count, its parent endorses them, and its ledger is not in question; nothing was changed", "{name}",
			"to change its keys run `xietong --in {name} keys renew`, and `xietong --in {name} keys revoke` if somebody else may have them"},
	},
	{
		number: 595, code: HostNoFolder, status: http.StatusConflict, params: []string{"name", "dir"},
		zh: parts{"没有可以继续的账本", "本节点没有 {name} 的账本（{dir}），不能以另做的密钥继续；没有改变任何内容", "{dir}",
			"有它的备份的，请停止本节点，恢复整个数据目录，再启动。没有的，去掉 --reason 重新执行：账本从头开始"},
		en: parts{"No ledger to go on with", "this node has no ledger of {name} ({dir}) that could go on with other keys; nothing was changed", "{dir}",
			"if there is a backup of it, stop this node, put back the whole data directory, and start it. If there is none, repeat this without --reason: the ledger begins anew"},
	},
}
