package text

// Sentences of the verbs about joining, and about the tree.
const (
	CLITokenMore       Code = "cli.token-more"
	CLIShortInvite     Code = "cli.short.invite"
	CLIShortJoin       Code = "cli.short.join"
	CLIShortTree       Code = "cli.short.tree"
	CLIShortWithdraw   Code = "cli.short.withdraw"
	CLIShortDrill      Code = "cli.short.drill"
	CLIShortHost       Code = "cli.short.host"
	CLIShortHostAdd    Code = "cli.short.host-add"
	CLIShortHostList   Code = "cli.short.host-list"
	CLILongInvite      Code = "cli.long-invite"
	CLILongJoin        Code = "cli.long-join"
	CLIAlonePlan       Code = "cli.alone-plan"
	CLIAloneAsk        Code = "cli.alone-ask"
	CLIAloneDone       Code = "cli.alone-done"
	CLIFlagAlone       Code = "cli.flag.alone"
	CLIFlagAloneReason Code = "cli.flag.alone-reason"
	CLILongHostAdd     Code = "cli.long-host-add"
	CLILongDrill       Code = "cli.long-drill"

	JoinNetwork  Code = "join.network"
	JoinClock    Code = "join.clock"
	JoinDisk     Code = "join.disk"
	JoinParent   Code = "join.parent"
	JoinKeys     Code = "join.keys"
	JoinEndorsed Code = "join.endorsed"
	JoinChain    Code = "join.chain"

	CLIInviteFor       Code = "cli.invite.for"
	CLIInviteRoot      Code = "cli.invite.root"
	CLIInviteReplaced  Code = "cli.invite.replaced"
	CLIInviteNext      Code = "cli.invite.next"
	CLIJoinOK          Code = "cli.join.ok"
	CLIJoinFail        Code = "cli.join.fail"
	CLIJoinDone        Code = "cli.join.done"
	CLIJoinOnlyHere    Code = "cli.join.only-here"
	CLIJoinFirewall    Code = "cli.join.firewall"
	CLITreeRoot        Code = "cli.tree.root"
	CLITreeChain       Code = "cli.tree.chain"
	CLITreeListen      Code = "cli.tree.listen"
	CLITreeNoListen    Code = "cli.tree.no-listen"
	CLITreeUp          Code = "cli.tree.up"
	CLITreeUpBy        Code = "cli.tree.up.by"
	CLITreeDown        Code = "cli.tree.down"
	CLITreeNever       Code = "cli.tree.never"
	CLITreeWhy         Code = "cli.tree.why"
	CLITreeRenamed     Code = "cli.tree.renamed"
	CLITreeJoined      Code = "cli.tree.joined"
	CLITreeInvited     Code = "cli.tree.invited"
	CLITreeInvitedAnew Code = "cli.tree.invited-anew"
	CLITreeExpired     Code = "cli.tree.expired"
	CLITreeWithdrawn   Code = "cli.tree.withdrawn"
	CLITreeDamaged     Code = "cli.tree.damaged"
	CLITreeHeld        Code = "cli.tree.held"
	CLITreeRejoins     Code = "cli.tree.rejoins"
	CLITreeOthers      Code = "cli.tree.others"
	CLITreeDenies      Code = "cli.tree.denies"
	CLITreeAlarm       Code = "cli.tree.alarm"
	CLIName            Code = "cli.name"
	CLITreeSilent      Code = "cli.tree.silent"
	CLITreeUpSince     Code = "cli.tree.up-since"
	CLITreeParent      Code = "cli.tree.parent"
	CLITreeChild       Code = "cli.tree.child"
	CLITreeRelation    Code = "cli.tree.relation"
	CLITreeLevel       Code = "cli.tree.level"
	CLITreeState       Code = "cli.tree.state"
	CLITreeUntil       Code = "cli.tree.until"
	CLITreeLink        Code = "cli.tree.link"
	CLIWithdrawn       Code = "cli.withdrawn"

	CLIShortInviteCancel Code = "cli.short.invite-cancel"
	CLICancelPlan        Code = "cli.cancel.plan"
	CLICancelOver        Code = "cli.cancel.over"
	CLICancelThen        Code = "cli.cancel.then"
	CLICancelJoined      Code = "cli.cancel.joined"
	CLICancelAsk         Code = "cli.cancel.ask"
	CLIInviteCancelled   Code = "cli.invite.cancelled"
	CLIWithdrawPlan      Code = "cli.withdraw.plan"
	CLIWithdrawBelow     Code = "cli.withdraw.below"
	CLIWithdrawBelowMore Code = "cli.withdraw.below-more"
	CLIWithdrawNobody    Code = "cli.withdraw.nobody"
	CLIWithdrawOpen      Code = "cli.withdraw.open"
	CLIWithdrawAsk       Code = "cli.withdraw.ask"
	CLITreeCancelled     Code = "cli.tree.cancelled"
	CLIPlacePlan         Code = "cli.place.plan"
	CLIPlaceNear         Code = "cli.place.near"
	CLIPlaceAsk          Code = "cli.place.ask"
	CLIShortHostEnd      Code = "cli.short.host-end"
	CLIHostEndPlan       Code = "cli.host.end-plan"
	CLIHostEndAsk        Code = "cli.host.end-ask"
	CLIHostEnded         Code = "cli.host.ended"

	CLIWithdrawnThen   Code = "cli.withdrawn.then"
	CLIWithdrawnHere   Code = "cli.withdrawn.here"
	CLITreeAnew        Code = "cli.tree.anew"
	CLIDrillAltered    Code = "cli.drill.altered"
	CLIDrillStranger   Code = "cli.drill.stranger"
	CLIHosted          Code = "cli.hosted"
	CLIHostedHeads     Code = "cli.hosted.heads"
	CLIHostedAlone     Code = "cli.hosted.alone"
	CLIFlagListen      Code = "cli.flag.listen"
	CLIFlagZone        Code = "cli.flag.time-zone"
	CLIFlagReplicaZone Code = "cli.flag.replica-time-zone"
	CLIJoinZone        Code = "cli.join.zone"
	CLIFlagVerifyZone  Code = "cli.flag.verify-time-zone"
	CLIFlagAt          Code = "cli.flag.at"
	CLIFlagAtOne       Code = "cli.flag.at-one"
	CLIToldBy          Code = "cli.told-by"
	CLIFlagProcesses   Code = "cli.flag.processes"
	CLIFlagRecords     Code = "cli.flag.records"
	CLIAsked           Code = "cli.asked"
	CLIRefusedBy       Code = "cli.refused-by"
	CLIFlagLabel       Code = "cli.flag.label"
	CLIFlagRekey       Code = "cli.flag.rekey"
	CLIFlagHostRekey   Code = "cli.flag.host-rekey"
	CLIFlagHostReason  Code = "cli.flag.host-reason"
	CLIHostAnewPlan    Code = "cli.host-anew-plan"
	CLIHostAnewAsk     Code = "cli.host-anew-ask"
	CLIHostAnewDone    Code = "cli.host-anew-done"
	CLIFlagHours       Code = "cli.flag.hours"

	JoinNetworkDone  Code = "join.network.done"
	JoinClockDone    Code = "join.clock.done"
	JoinDiskDone     Code = "join.disk.done"
	JoinParentDone   Code = "join.parent.done"
	JoinKeysDone     Code = "join.keys.done"
	JoinKeysKept     Code = "join.keys.kept"
	JoinKeysAnew     Code = "join.keys.anew"
	JoinEndorsedDone Code = "join.endorsed.done"
	JoinChainDone    Code = "join.chain.done"
)

var joinSentences = []sentence{
	{CLITokenMore, "邀请还不完整，请继续粘贴后面的内容；没有了，请按回车", "the invitation goes on: paste the rest of it, or press Enter if there is none"},
	{CLIShortInvite, "邀请下级加入", "Invite a jurisdiction to join below this one"},
	{CLIShortJoin, "凭邀请码加入", "Join the tree with an invitation"},
	{CLIShortTree, "查看上级、下级和连接", "Show parent, children and links"},
	{CLIShortWithdraw, "撤回对下级的背书", "End the endorsement of a child"},
	{CLIShortDrill, "演练：确认对方会拒绝有问题的消息", "Show that a jurisdiction refuses messages with a fault"},
	{CLIShortHost, "承载和列出行政区划", "Host further jurisdictions, and list them"},
	{CLIShortHostAdd, "在本节点承载一个下级", "Host a jurisdiction below one of this node's"},
	{CLIShortHostList, "列出本节点承载的行政区划", "List the jurisdictions that this node hosts"},
	{
		CLILongInvite,
		"邀请一个下级加入，打印邀请码。NAME 可以是名录中的全称、简称、代码或拼音；名录之外的，另给 --label、--code、--level。\n邀请码只供一套密钥使用一次，请通过可靠渠道交给对方，并电话核对根指纹。",
		"Invite a jurisdiction below this one, and print its invitation. NAME is a full or short name, code or label of the roster;\nfor a place outside it give --label, --code and --level too. An invitation serves one key set, once: hand it over\nsafely, and compare the root's fingerprint by telephone.",
	},
	{
		CLILongJoin,
		"凭上级给的邀请码 TOKEN 加入：生成密钥，取得上级背书，写好配置。任何一步失败，改正后重复同一命令即可。\n邀请码是秘密：TOKEN 写作 - 时从标准输入读一行，不出现在进程列表和命令历史里。\n多数副本已经没有了，或者备份早于最新的密钥的，上级用 invite NAME --rekey 邀请后，以 --alone 在剩下的数据目录中继续：账本保留，另做一套密钥。",
		"Join with the invitation TOKEN that the parent gave: make the keys, get the parent's endorsement, write the\nconfiguration. After a failure at any step, mend it and repeat the same command.\nThe invitation is a secret: with - as TOKEN it is read from standard input, and neither the list of processes\nnor the history of the shell shows it.\nWhere most replicas are gone, or a backup is from before the newest keys, the parent invites with\ninvite NAME --rekey, and --alone goes on in the data directory that is left: the ledger stays, the keys are new.",
	},
	{
		CLILongHostAdd,
		"由本节点承载一个没有机器的下级：生成其密钥，经本节点的门加入，立即启用。节点须在运行，并有监听地址。\n已由本节点承载、而密钥不再有效的（节点丢失过两次，或者备份早于更换密钥），加 --rekey --reason 理由：账本保留，密钥另做。",
		"Host a jurisdiction that runs no machine: its keys are made here, it joins through this node's own door, and is\nserved at once. The node must run, and listen.\nOne that is hosted already, and whose keys count no more (the node was lost twice, or a backup is from before its\nnewest keys), goes on with --rekey --reason TEXT: the ledger stays, the keys are new.",
	},
	{
		CLILongDrill,
		"演练：向 NAME 发送两条必须被拒绝的消息（途中被改动的、用无人背书的密钥签名的），显示对方如何拒绝。不查询任何数据，对方日志会记下。",
		"Send NAME two messages that it must refuse, one altered on the way and one signed with a key that nobody endorsed, and\nshow how it does. No data are asked for; its log will tell of both.",
	},

	{CLIDrillAltered, "途中被改动的消息", "altered on the way"},
	{CLIDrillStranger, "用无人背书的密钥签名的消息", "signed by a stranger"},
	{CLIInviteFor, "给{title}（{name}）的邀请，有效期至 {until}，存证条目 {entry}", "invitation for {title} ({name}), good until {until}, entry {entry}"},
	{CLIInviteRoot, "根指纹（请电话核对）：{fingerprint}", "fingerprint of the root, to be compared by telephone: {fingerprint}"},
	{CLIInviteReplaced, "以前给{title}的邀请（存证条目 {entry}）已作废，请让对方改用下面这一份", "the invitation that {title} was given before (entry {entry}) is void: have them use this one"},
	{CLIInviteNext, "在对方机器上执行：xietong join -，再粘贴上面一行", "on the other machine: xietong join -, and then paste the line above"},
	{CLIJoinOK, "成功", "ok"},
	{CLIJoinFail, "失败", "FAIL"},
	{CLIJoinOnlyHere, "注意：{listen} 只在本机有效，节点由它连不上另一台机器上的上级。启动前请把 {file} 中的 listen 改为 0.0.0.0 加端口；没有下级的，留空即可",
		"look: {listen} is of this machine alone, and from it the node does not reach its parent on another machine. Before you start it, make `listen` in {file} 0.0.0.0 and the port; without places below, leave it empty"},
	{CLIJoinZone, "时间按时区 {zone} 显示和填写；要改的，改 config.yaml 的 time_zone 后再启动", "times are told and typed in the zone {zone}; to change it, set time_zone in config.yaml before the start"},
	{CLIJoinDone, "{name}已加入。启动：xietong --data {dir} serve", "{name} has joined.   Start it:   xietong --data {dir} serve"},
	{CLIJoinFirewall, "防火墙申请已写入 {file}，请交给网络管理部门", "the firewall request was written to {file}: give it to your network office"},
	{CLITreeRoot, "根的起点标识 {root}，指纹 {fingerprint}", "pin of the root {root}, fingerprint {fingerprint}"},
	{CLITreeChain, "位置：{chain}", "place: {chain}"},
	{CLITreeListen, "下级连接地址：{addresses}", "children dial: {addresses}"},
	{CLITreeNoListen, "没有监听地址，下级不能连接", "not listening: no child can dial"},
	{CLITreeSilent, "自 {heard} 起没有回应", "silent since {heard}"},
	{CLITreeUpSince, "已连接，自 {since}", "up since {since}"},
	{CLITreeUp, "已连接", "up"},
	{CLITreeUpBy, "本副本未连接，由副本 {replica} 连接", "up by replica {replica}, not by this one"},
	{CLITreeDown, "未连接，最近一次 {heard}", "down, last heard {heard}"},
	{CLITreeNever, "未连接", "down, never heard"},
	{CLITreeRenamed, "{name}（背书时名为{then}）", "{name} (endorsed as {then})"},
	{CLITreeWhy, "与上级没有连接：{reason}", "no link to the parent: {reason}"},
	{CLIName, "标识", "name"},
	{CLITreeJoined, "已加入", "joined"},
	{CLITreeInvited, "已邀请", "invited"},
	{CLITreeInvitedAnew, "已撤回，已重新邀请", "withdrawn, invited anew"},
	{CLITreeExpired, "已过期", "expired"},
	{CLITreeWithdrawn, "已撤回", "withdrawn"},
	{CLITreeDamaged, "记录已损坏", "damaged"},
	{CLITreeHeld, "待出示最新密钥", "its newest keys awaited"},
	{CLITreeRejoins, "待重新邀请（加入已失去）", "to be invited again: its joining is lost"},
	{CLITreeOthers, "背书的是本方另一套密钥", "endorses other keys of ours"},
	{CLITreeDenies, "不再背书本方", "endorses us no more"},
	{CLITreeAlarm, "警告：{name}：{problem}（{code}），请查看日志，并电话核对；处理后执行 {xietong} keys acknowledge", "look at {name}: {problem} ({code}); see the log, and call them; once it is dealt with, run `{xietong} keys acknowledge`"},
	{CLITreeParent, "上级", "parent"},
	{CLITreeChild, "下级", "child"},
	{CLITreeRelation, "关系", "relation"},
	{CLITreeLevel, "层级", "level"},
	{CLITreeState, "状态", "state"},
	{CLITreeUntil, "有效期至", "until"},
	{CLITreeLink, "连接", "link"},
	{CLIShortInviteCancel, "取消尚未使用的邀请", "Take back an invitation that was not used"},
	{CLICancelPlan, "将取消对{title}（{name}，代码 {code}）的邀请：有效期至 {until}，存证条目 {entry}",
		"this takes back the invitation of {title} ({name}, code {code}), which is good until {until}, entry {entry}"},
	{CLICancelOver, "将取消对{title}（{name}，代码 {code}）的邀请：已于 {until} 过期，存证条目 {entry}",
		"this takes back the invitation of {title} ({name}, code {code}), which ended at {until}, entry {entry}"},
	{CLICancelThen, "取消后，{title}不能再凭这份邀请加入；以后要加入，须重新邀请", "{title} cannot join with it any more; to join later, it has to be invited again"},
	{CLICancelJoined, "{title}已经加入，不受影响；取消后，它不能再凭这份邀请更换密钥", "{title} has joined and stays as it is; it cannot come with other keys by it any more"},
	{CLICancelAsk, "确定取消邀请？请输入 y 或“是”", "take it back? answer y or yes"},
	{CLIInviteCancelled, "已取消对{name}的邀请，存证条目 {entry}；原邀请不能再用。已经加入的不受影响",
		"took back the invitation of {name}, entry {entry}: it cannot be used any more. Who has joined already stays as it is"},
	{CLIWithdrawPlan, "撤回后，各地将立即与{name}（{whole}）断开往来；它的数据和密钥仍在它自己那里，可以重新邀请",
		"at once nobody will deal with {name} ({whole}) any more; its data and keys stay with it, and it can be invited again"},
	{
		CLIWithdrawBelow, "名录中其下级有 {count} 个，据本节点所知已加入 {joined} 个：{names}；已加入的都随之断开",
		"{count} [place is|places are] listed below it; as far as is known here {joined} joined: {names}. Whoever of them joined is cut off too",
	},
	{
		CLIWithdrawBelowMore, "名录中其下级有 {count} 个，据本节点所知已加入 {joined} 个：{names} 等；已加入的都随之断开",
		"{count} [place is|places are] listed below it; as far as is known here {joined} joined: {names} and more. Whoever of them joined is cut off too",
	},
	{
		CLIWithdrawNobody, "名录中其下级有 {count} 个，本节点不知道其中有已加入的；如有，也随之断开",
		"{count} [place is|places are] listed below it, of which none is known here to have joined; whoever did is cut off too",
	},
	{CLIWithdrawOpen, "已发出、尚未使用的更换密钥邀请同时失效", "the invitation for other keys, which was not used yet, ends too"},
	{CLIWithdrawAsk, "确定撤回？请输入 y 或“是”", "withdraw? answer y or yes"},
	{CLIShortHostEnd, "不再承载一个行政区划", "Host a jurisdiction no more"},
	{CLIHostEndPlan, "{parent}将撤回对{title}（{name}）的背书，本节点不再承载它：其 {agencies} 个部门不能再办理业务，{datasets} 个数据资源各地都不能再使用。数据和密钥留在本机，不会删除",
		"{parent} will withdraw its endorsement of {title} ({name}), and this node will host it no more: its {agencies} [agency|agencies] can do nothing, and nobody can use its {datasets} [dataset|datasets]. Its data and keys stay on this machine; nothing is deleted"},
	{CLIHostEndAsk, "确定不再承载？请输入 y 或“是”", "host it no more? answer y or yes"},
	{CLIHostEnded, "不再承载{title}，存证条目 {entry}。数据和密钥留在 {folder}；要恢复：重启节点，再执行 {program} --in {parent} host add {name}",
		"{title} is hosted no more, entry {entry}. Its data and keys stay in {folder}; to bring it back, restart the node and run `{program} --in {parent} host add {name}`"},
	{CLIPlacePlan, "名录中没有{title}；将作为{parent}的下级 {name}，层级 {level}，代码 {code}。名称以后不能更改，汇总查询的应答范围按名录计，不含它",
		"the roster has no {title}; it would be {name} below {parent}, level {level}, code {code}. The name is permanent, and totals count by the roster, without it"},
	{CLIPlaceNear, "名录中写法相近的有：{near}", "spelled nearly so in the roster: {near}"},
	{CLIPlaceAsk, "确定是这个地方？请输入 y 或“是”", "is this the place? answer y or yes"},
	{CLITreeCancelled, "邀请已取消", "invitation taken back"},
	{CLIWithdrawn, "已撤回对{name}的背书，存证条目 {entry}", "withdrew the endorsement of {name}, entry {entry}"},
	{CLIWithdrawnHere, "它与各地的往来随即断开，其下级也一样。它由本节点承载，要恢复：执行 {xietong} host add {name}，密钥和数据都保留；不再承载的，执行 {program} host end {name} --reason 理由",
		"nobody deals with it any more, nor with those below it. This node hosts it: `{xietong} host add {name}` brings it back, with its keys and data; to host it no more, run `{program} host end {name} --reason TEXT`"},
	{CLIWithdrawnThen, "它与各地的往来随即断开，其下级也一样；对方的 xietong tree 会说明。要恢复：执行 {xietong} invite {name}，对方停止节点，在原数据目录执行 xietong join TOKEN 后再启动，密钥和数据都保留",
		"nobody deals with it any more, nor with those below it; its own `xietong tree` says so. To bring it back: `{xietong} invite {name}`, and there stop the node, run `xietong join TOKEN` in the same data directory and start it: keys and data stay"},
	{CLITreeAnew, "账本从第 {epoch} 纪元开始：以前若有下级，表中没有列为已加入的须重新邀请（{xietong} invite NAME）；对方停止节点，在原数据目录执行 xietong join TOKEN 后再启动，密钥和数据都保留",
		"the ledger began in epoch {epoch}: children from before, if any, that are not listed as joined must be invited again (`{xietong} invite NAME`); there stop the node, run `xietong join TOKEN` in the same data directory and start it: keys and data stay"},
	{CLIHosted, "本节点现在承载{title}（{name}）", "this node now hosts {title} ({name})"},
	{CLIHostedHeads, "它办理过什么（如撤销共享权限），其要素在几分钟内报到 {name} 留存：本机丢失后，可从那里取回", "the heads of what it decides, such as revocations, reach {name} within minutes and are kept there: they come back from there if this machine is lost"},
	{CLIHostedAlone, "它的各级上级都在本节点上，节点以外没有谁留存它的要素：从备份恢复后，备份之后撤销的共享权限会恢复有效，须由人工核对。请勤做备份，或由它自建节点", "all levels above it run on this node, so nobody outside keeps the heads of what it decides: after a restore from a backup, whatever was revoked since is live again, and a person must look through it. Back up often, or give it a node of its own"},
	{CLIFlagVerifyZone, "时间按时区 `ZONE` 显示，如 UTC、Asia/Urumqi；不填的，按 --data 所指节点的时区，没有节点的按 Asia/Shanghai（+08:00）", "show times in the time zone `ZONE`, such as UTC or Asia/Urumqi; without it, in that of the node of --data, or of Asia/Shanghai (+08:00) where there is none"},
	{CLIFlagReplicaZone, "显示时间和填写日期所用的时区 `ZONE`，如 Asia/Urumqi；不填即用其他副本所用的时区", "time zone `ZONE` of the times that are shown and the days that are typed, such as Asia/Urumqi; where none is given, that of the other replicas"},
	{CLIFlagZone, "显示时间和填写日期所用的时区 `ZONE`，如 Asia/Shanghai（不填即用此时区）、Asia/Urumqi", "time zone `ZONE` of the times that are shown and the days that are typed, such as Asia/Shanghai (where none is given)"},
	{CLIFlagListen, "供下级连接的 UDP 地址 `HOST:PORT`，如 0.0.0.0:7400", "UDP address `HOST:PORT` that children dial, such as 0.0.0.0:7400"},
	{CLIFlagRecords, "连同 `FILE` 中的记录发布：变更目录时两者同时生效，首次发布时随后导入", "publish together with the records in `FILE`: a later version and its records count from one position; of a first version they are imported after it"},
	{CLIFlagProcesses, "只演示其中一支，每个节点各为一个进程", "show one branch of the tree, each node a process of its own"},
	{CLIFlagAt, "向另一行政区划 `NAME` 查询：全称、简称、代码或完整名称，也可连同上级一起写；'*.NAME' 为其下一级，'**.NAME' 为其全部下级（用于取记录和统计，不用于核验）",
		"ask another jurisdiction, `NAME`: its full or short name, its code or whole name, also after the place above it; '*.NAME' are those directly below it, '**.NAME' all below, for records and totals and not for --verify"},
	{CLIFlagAtOne, "向另一行政区划 `NAME` 查询：全称、简称、代码或完整名称，也可连同上级一起写", "ask another jurisdiction, `NAME`: its full or short name, its code or whole name, also after the place above it"},
	{CLIAsked, "本地留痕见存证条目 {entry}", "recorded here as entry {entry}"},
	{CLIRefusedBy, "{by}拒绝：{what}", "refused by {by}: {what}"},
	{CLIToldBy, "{by}告知：{what}", "told by {by}: {what}"},
	{CLIFlagLabel, "名录之外的区划：名称的第一段 `LABEL`", "for a place outside the roster: first label of its name, `LABEL`"},
	{CLIFlagAlone, "其他副本或最新的密钥已经没有了：在 --data 的目录中继续，账本保留，另做一套密钥，只留本机一个副本", "the other replicas, or the newest keys, are gone for good: go on in the directory of --data, with its ledger, with new keys, as the only replica"},
	{CLIFlagAloneReason, "--alone 的理由 `TEXT`，记入账本", "the reason for --alone, `TEXT`, which the ledger records"},
	{CLIAlonePlan, "{dir} 中的账本将在新的纪元中以另做的一套密钥继续，只留这一个副本：其他副本从此无效，不得再启动；以前的密钥不再签名。其他副本仍在的，请勿继续", "the ledger in {dir} will go on in a new epoch, with new keys and this replica alone: the other replicas count no more and must not be started again, and the keys of before sign no more. If any of the others is still there, do not go on"},
	{CLIAloneAsk, "确定其他副本都已没有了？请输入 y 或“是”", "are the others gone for good? answer y or yes"},
	{CLIAloneDone, "账本在第 {epoch} 纪元继续，条目都在；需要多个副本的，启动后执行 xietong replica invite", "the ledger goes on in epoch {epoch}, with all its entries; for more replicas start the node and run `xietong replica invite`"},
	{CLIFlagRekey, "下级更换了全部密钥，重新邀请", "the child comes with other keys than before"},
	{CLIFlagHostRekey, "在本节点另做一套密钥：它原来的机器和数据确已不在，或者（加 --reason）它在本节点的密钥不再有效", "make other keys here: its own machine and its data are gone or, with --reason, its keys here count no more"},
	{CLIFlagHostReason, "它在本节点的账本以另做的密钥继续，理由 `TEXT` 记入账本；须与 --rekey 一起使用", "its ledger here goes on with the other keys, for the reason `TEXT`, which it records; goes with --rekey"},
	{CLIHostAnewPlan, "{name} 在本节点的账本将在新的纪元中以另做的一套密钥继续，只留本机一个副本：以前的密钥不再签名，以前的目录、其他副本不得再启动。更新的数据目录仍在的，请勿继续", "the ledger of {name} on this node will go on in a new epoch, with new keys and this replica alone: the keys of before sign no more, and an older directory or another replica must not be started again. If there is a newer data directory, do not go on"},
	{CLIHostAnewAsk, "确定没有更新的数据目录了？请输入 y 或“是”", "is there no newer data directory any more? answer y or yes"},
	{CLIHostAnewDone, "账本在第 {epoch} 纪元继续，条目都在。失去的条目中终止过的，尚待核对：请逐一查看后，执行 {xietong} ledger continue --checked --reason 理由", "the ledger goes on in epoch {epoch}, with all its entries. What ended in the entries that are lost is still open: look through everything, and run `{xietong} ledger continue --checked --reason TEXT`"},
	{CLIFlagHours, "邀请有效 `N` 小时（默认 168）", "the invitation is good for `N` hours (default 168)"},

	{JoinNetwork, "网络", "network"},
	{JoinClock, "时钟", "clock"},
	{JoinDisk, "磁盘", "disk"},
	{JoinParent, "上级", "parent"},
	{JoinKeys, "密钥", "keys"},
	{JoinEndorsed, "背书", "endorsed"},
	{JoinChain, "信任链", "chain"},

	{JoinNetworkDone, "{address}，{ms} 毫秒", "{address} answers in {ms} ms"},
	{JoinClockDone, "与{parent}相差 {seconds} 秒", "{seconds} s from {parent}'s"},
	{JoinDiskDone, "可用 {free}", "{free} free"},
	{JoinParentDone, "{parent}，与邀请一致；{root}的根指纹 {fingerprint}", "{parent}, matches the invitation; fingerprint of the root {root}: {fingerprint}"},
	{JoinKeysKept, "沿用本机原有的密钥，私钥不离开本机", "those that this machine has already; the private ones never leave it"},
	{JoinKeysDone, "已在本机生成，私钥不离开本机", "made here; the private ones never leave this machine"},
	{JoinKeysAnew, "已在本机另做一套，账本继续", "made anew here; the ledger goes on"},
	{JoinEndorsedDone, "{name}，见{parent}账本第 {entry} 条", "as {name} in entry {entry} of {parent}'s ledger"},
	{JoinChainDone, "{chain}，已从根逐级核验", "{chain}, checked down from the root"},
}
