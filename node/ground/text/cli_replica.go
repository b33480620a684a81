package text

// Sentences of the verbs about the replicas of a jurisdiction.
const (
	CLIShortReplica        Code = "cli.short.replica"
	CLIShortReplicaList    Code = "cli.short.replica-list"
	CLIShortReplicaInvite  Code = "cli.short.replica-invite"
	CLIShortReplicaJoin    Code = "cli.short.replica-join"
	CLIShortReplicaPromote Code = "cli.short.replica-promote"
	CLIShortReplicaRemove  Code = "cli.short.replica-remove"
	CLIShortReplicaReplace Code = "cli.short.replica-replace"
	CLILongReplicaInvite   Code = "cli.long-replica-invite"
	CLILongReplicaJoin     Code = "cli.long-replica-join"
	CLILongReplicaPromote  Code = "cli.long-replica-promote"
	CLILongReplicaRemove   Code = "cli.long-replica-remove"
	CLILongReplicaReplace  Code = "cli.long-replica-replace"
	CLIFlagReplicaHours    Code = "cli.flag.replica-hours"
	CLIFlagReplicaListen   Code = "cli.flag.replica-listen"

	CLIReplica         Code = "cli.replica"
	CLIReplicaRole     Code = "cli.replica.role"
	CLIReplicaSigns    Code = "cli.replica.signs"
	CLIReplicaFollows  Code = "cli.replica.follows"
	CLIReplicaBehind   Code = "cli.replica.behind"
	CLIReplicaAt       Code = "cli.replica.at"
	CLIReplicaHere     Code = "cli.replica.here"
	CLIReplicaNotSince Code = "cli.replica.not-since"

	CLIReplicaLeader    Code = "cli.replica.leader"
	CLIReplicaVoter     Code = "cli.replica.voter"
	CLIReplicaPromoting Code = "cli.replica.promoting"
	CLIReplicaFollower  Code = "cli.replica.follower"
	CLIReplicaJoining   Code = "cli.replica.joining"
	CLIReplicaInvited   Code = "cli.replica.invited"
	CLIReplicaExpired   Code = "cli.replica.expired"
	CLIReplicaRemoving  Code = "cli.replica.removing"

	CLIReplicaOne       Code = "cli.replica.one"
	CLIReplicaOneVotes  Code = "cli.replica.one-votes"
	CLIReplicaBothThere Code = "cli.replica.both-there"
	CLIReplicaSpare     Code = "cli.replica.spare"
	CLIReplicaSomeAway  Code = "cli.replica.some-away"
	CLIReplicaNoSpare   Code = "cli.replica.no-spare"
	CLIReplicaMostAway  Code = "cli.replica.most-away"
	CLIReplicaNobody    Code = "cli.replica.nobody-leads"
	CLIReplicaAway      Code = "cli.replica.is-away"
	CLIReplicaOneWay    Code = "cli.replica.one-way"
	CLIReplicaStuck     Code = "cli.replica.stuck"
	CLIReplicaBehindAll Code = "cli.replica.behind-all"
	CLIReplicaMute      Code = "cli.replica.mute"
	CLIReplicaPutBack   Code = "cli.replica.put-back"
	CLIReplicaLeadsMute Code = "cli.replica.leads-mute"
	CLIReplicaAhead     Code = "cli.replica.ahead"
	CLIReplicaClock     Code = "cli.replica.clock"
	CLIReplicaClockLate Code = "cli.replica.clock-late"

	CLIReplicaFor   Code = "cli.replica.for"
	CLIReplicaThere Code = "cli.replica.there"
	CLIReplicaThen  Code = "cli.replica.then"

	CLIReplicaJoined     Code = "cli.replica.joined"
	CLIReplicaAgain      Code = "cli.replica.again"
	CLIReplicaKept       Code = "cli.replica.kept"
	CLIReplicaJoinedThen Code = "cli.replica.joined-then"

	CLIReplicaPromoted     Code = "cli.replica.promoted"
	CLIReplicaPromotes     Code = "cli.replica.promotes"
	CLIReplicaPlan         Code = "cli.replica.plan"
	CLIReplicaPlanOnly     Code = "cli.replica.plan-only"
	CLIReplicaPlanHere     Code = "cli.replica.plan-here"
	CLIReplicaPlanLast     Code = "cli.replica.plan-last"
	CLIReplicaPlanLess     Code = "cli.replica.plan-less"
	CLIReplicaPlanThen     Code = "cli.replica.plan-then"
	CLIReplicaPlanAway     Code = "cli.replica.plan-away"
	CLIReplicaRemoveAsk    Code = "cli.replica.remove-ask"
	CLIReplicaReplaceAsk   Code = "cli.replica.replace-ask"
	CLIReplicaUninvited    Code = "cli.replica.uninvited"
	CLIReplicaRemoved      Code = "cli.replica.removed"
	CLIReplicaRemoves      Code = "cli.replica.removes"
	CLIReplicaGone         Code = "cli.replica.gone"
	CLIReplicaWaits        Code = "cli.replica.waits-parent"
	CLIReplicaWaitsReplica Code = "cli.replica.waits-replica"
	CLIReplicaWaitsVotes   Code = "cli.replica.waits-votes"
	CLIReplicaBad          Code = "cli.replica.bad"

	StatusReplicas  Code = "status.replicas"
	StatusEnded     Code = "status.ended"
	StatusNoLeader  Code = "status.replicas.no-leader"
	StatusMember    Code = "status.replicas.member"
	StatusMemberNot Code = "status.replicas.not"

	JoinAdmitted     Code = "join.admitted"
	JoinSecrets      Code = "join.secrets"
	JoinFilled       Code = "join.filled"
	JoinAdmittedDone Code = "join.admitted.done"
	JoinSecretsDone  Code = "join.secrets.done"
	JoinFilledDone   Code = "join.filled.done"
	JoinReached      Code = "join.reached"
	JoinReachedDone  Code = "join.reached.done"
)

var replicaSentences = []sentence{
	{CLIShortReplica, "用多台机器运行同一行政区划", "Run one jurisdiction on several machines"},
	{CLIShortReplicaList, "列出副本", "List the replicas"},
	{CLIShortReplicaInvite, "再邀请一台机器作为副本", "Invite a further machine to be a replica"},
	{CLIShortReplicaJoin, "凭邀请码使本机成为副本", "Make this machine a replica, with an invitation"},
	{CLIShortReplicaPromote, "使副本有表决权", "Give a replica a vote"},
	{CLIShortReplicaRemove, "永久移除副本", "Take a replica out for good"},
	{CLIShortReplicaReplace, "移除副本，并邀请另一台机器代替", "Take a replica out, and invite a machine in its stead"},
	{
		CLILongReplicaInvite,
		"再邀请一台机器作为本级的副本，打印在那台机器上要执行的命令。邀请码是秘密：持有者可得到本级的全部数据和解密密钥。\n三台机器可以坏一台，五台可以坏两台；只有两台的，坏任何一台都不能写入。",
		"Invite a further machine to be a replica of this jurisdiction, and print the commands to run on it. The invitation is a\nsecret: who has it gets all data of the jurisdiction, and the keys to decrypt them. Of three machines one may be lost, of\nfive two; of two none.",
	},
	{
		CLILongReplicaJoin,
		"使本机成为邀请码 TOKEN 所指行政区划的副本：在本机生成密钥，取得数据，写好配置。任何一步失败，改正后重复同一命令即可。\nTOKEN 写作 - 时从标准输入读取，不出现在进程列表和命令历史里。",
		"Make this machine a replica of the jurisdiction that the invitation TOKEN names: make its keys here, fetch the data, write\nthe configuration. After a failure at any step, mend it and repeat the same command. With - as TOKEN it is read from\nstandard input, and neither the list of processes nor the history of the shell shows it.",
	},
	{
		CLILongReplicaPromote,
		"使副本 REPLICA（如 r2）有表决权，并列入签名密钥。它须已加入并跟上；落后的会说明落后多少，稍后重复即可。",
		"Give the replica REPLICA (such as r2) a vote, and have it sign. It must have joined and caught up; of one that lags you\nare told how far, and repeat the command later.",
	},
	{
		CLILongReplicaReplace,
		"机器丢失或损坏时，永久移除它的副本，并邀请另一台机器代替，显示在那台机器上执行的命令。新副本用新的编号，原编号不再使用；\n新副本有表决权之前，本级少一个副本。原来的机器还在运行的，先邀请新的一台并使它有表决权，再用 replica remove 移除原来的",
		"Take the replica of a machine that is lost or damaged out for good, and invite another machine in its stead: the commands to\nrun on it are printed. The new replica has a new number, and the old one never comes back; until it has a vote, there is one\nreplica less. Where the old machine still runs, invite the new one and give it a vote first, and then use replica remove.",
	},
	{
		CLILongReplicaRemove,
		"永久移除副本 REPLICA（如 r2）：编号不再使用，它的密钥不再列入。先显示影响，再询问。机器坏了的，先移除，再邀请新的。",
		"Take the replica REPLICA (such as r2) out for good: its number never comes back, and its keys are listed no more. What\nthat does is shown first, and asked. For a machine that is lost, take it out, and invite another.",
	},
	{CLIFlagReplicaHours, "邀请有效 `N` 小时（默认 24）", "the invitation is good for `N` hours (default 24)"},
	{CLIFlagReplicaListen, "供其他副本和下级连接的 UDP 地址 `HOST:PORT`，如 0.0.0.0:7400", "UDP address `HOST:PORT` that the other replicas and children dial, such as 0.0.0.0:7400"},

	{CLIReplica, "副本", "replica"},
	{CLIReplicaRole, "角色", "role"},
	{CLIReplicaSigns, "签名", "signs"},
	{CLIReplicaFollows, "跟随", "follows"},
	{CLIReplicaBehind, "落后条数", "behind"},
	{CLIReplicaAt, "地址", "addresses"},
	{CLIReplicaHere, "{role}（本机）", "{role}, here"},
	{CLIReplicaNotSince, "否，自 {since}", "not since {since}"},
	{CLIReplicaLeader, "主副本", "leader"},
	{CLIReplicaVoter, "有表决权", "voter"},
	{CLIReplicaPromoting, "正在取得表决权", "being promoted"},
	{CLIReplicaFollower, "无表决权", "no vote"},
	{CLIReplicaJoining, "正在加入", "being added"},
	{CLIReplicaInvited, "已邀请，有效期至 {until}", "invited until {until}"},
	{CLIReplicaExpired, "邀请已过期", "invitation over"},
	{CLIReplicaRemoving, "正在移除", "being removed"},

	{CLIReplicaOne, "只有一台机器，坏了就不能工作，数据也没有别处可取；增加副本请用 {xietong} replica invite", "one machine: nothing may be lost; see `{xietong} replica invite`"},
	{CLIReplicaOneVotes, "只有一个副本有表决权，不能缺少它", "one replica has a vote: it may not be away"},
	{CLIReplicaBothThere, "2 个副本都在，缺一不可；有第三个后，可以缺一个", "2 of 2 are needed: none may be away; with a third, one may"},
	{CLIReplicaSpare, "{voters} 个副本都在，可以缺 {spare} 个", "{spare} of {voters} may be away"},
	{CLIReplicaSomeAway, "{voters} 个副本中 {away} 个不在或没有跟随，还可以再缺 {spare} 个", "{away} of {voters} away or not following; {spare} more may be"},
	{CLIReplicaNoSpare, "{voters} 个副本中 {away} 个不在或没有跟随，其余缺一不可", "{away} of {voters} away or not following: no more may be"},
	{CLIReplicaMostAway, "没有主副本，不能写入：{voters} 个副本中只有 {there} 个在，再有 {missing} 个回来即可。请在那些机器上启动 xietong serve；机器已经损坏的，请保留其磁盘；确已没有了的，单独继续的办法见 xietong join --help",
		"none leads, and nothing can be written: {there} of {voters} there, until {missing} more [is|are] back. Start `xietong serve` on those machines; if one is lost, keep its disk; if they are gone for good, `xietong join --help` says how this one goes on alone"},
	{CLIReplicaPutBack, "没有主副本，不能写入：{voters} 个副本中能表决的只有 {there} 个，{replicas} 的数据目录可能是复制件或旧备份，不表决。请让未被退回的副本继续运行，只在 {replicas} 中的 {missing} 台上执行 xietong ledger continue --reason 理由（不要加 --newest）：它补齐所缺，重新表决；然后更换其余的",
		"none leads, and nothing can be written: {there} of {voters} can vote, and the data directories of {replicas} may be copies or old backups, which have no vote. Leave the others running, and on {missing} of {replicas} alone run `xietong ledger continue --reason TEXT`, without --newest: it takes in what it lacks, and votes again; then replace the rest"},
	{CLIReplicaNobody, "没有主副本，不能写入：{voters} 个副本中有 {there} 个有应答。几秒内未选出的，请核对各副本的地址和防火墙，并查看日志",
		"none leads, and nothing can be written: {there} of {voters} [answers|answer]. If they have not elected one in some seconds, see that each reaches the others, and read the logs"},
	{CLIReplicaAway, "{replica} 不在：请在那台机器上启动 xietong serve，并核对网络", "{replica} is away: start `xietong serve` on that machine, and see that the network is there"},
	{CLIReplicaOneWay, "{by} 不能连到 {replica} 的地址 {addresses}（{replica} 能连出）：请核对 {replica} 的 listen 和防火墙", "{by} cannot reach {replica} at {addresses} ({replica} can reach others): check `listen` of {replica}, and the firewall"},
	{CLIReplicaStuck, "{replica} 有应答，但没有写入新内容：请在那台机器上执行 xietong status，并查看日志", "{replica} answers, and takes nothing in: run `xietong status` on that machine, and read its log"},
	{CLIReplicaMute, "{replica} 的数据目录可能是复制件或旧备份，其间不表决、不签名，不算作可用：请在那台机器上执行 xietong status",
		"the data directory of {replica} may be a copy or an old backup: it has no vote meanwhile, signs nothing, and does not count as there; run `xietong status` on that machine"},
	{CLIReplicaLeadsMute, "{replica} 是主副本，照常记录、服务本级部门；账本待核实或新纪元尚未就绪，其间不签名，不答复其他行政区划：请在那台机器上执行 xietong status，按其说明处理",
		"{replica} is the one that leads, and it records, and serves its own agencies; its ledger is in question, or its new epoch is not settled, so it signs nothing meanwhile, and answers no other jurisdiction: run `xietong status` on that machine, and do what it says"},
	{CLIReplicaAhead, "{replica} 有其他副本没有的、已经告知办成的条目，不再跟随：它的数据目录是最新的，不要更换它，请在那台机器上执行 xietong status",
		"{replica} has entries that were acknowledged and that the others do not have, and follows no more: its data directory is the newest, so do not replace it; run `xietong status` on that machine"},
	{CLIReplicaBehindAll, "{replica} 尚无表决权；跟上后请执行 {xietong} replica promote {replica}", "{replica} has no vote; once it has caught up, run `{xietong} replica promote {replica}`"},
	{CLIReplicaClock, "{replica} 的时钟比本机超前 {offset}，请校准不准的一台", "the clock of {replica} is {offset} ahead of this machine's: set the one that is wrong"},
	{CLIReplicaClockLate, "{replica} 的时钟比本机落后 {offset}，请校准不准的一台", "the clock of {replica} is {offset} behind this machine's: set the one that is wrong"},

	{CLIReplicaFor, "{title}（{name}）副本 {replica} 的邀请，有效期至 {until}。请妥善传递：持有者可得到该级的全部数据", "invitation of replica {replica} of {title} ({name}), good until {until}. Hand it over safely: who has it gets all data of the jurisdiction"},
	{CLIReplicaThere, "在那台机器上依次执行（--listen 为那台机器自己的地址和端口）：", "on the other machine, with its own address and port as --listen, run:"},
	{CLIReplicaThen, "它跟上后，在这里执行：{xietong} replica promote {replica}（进度见 {xietong} replica list）", "once it has caught up, run here: {xietong} replica promote {replica} (`{xietong} replica list` shows how far it is)"},

	{CLIReplicaJoined, "本机已是{name}的副本 {replica}，取得 {entries} 个条目。启动：xietong --data {dir} serve", "this machine is replica {replica} of {name}, with {entries} [entry|entries].   Start it:   xietong --data {dir} serve"},
	{CLIReplicaAgain, "本机早已是{name}的副本 {replica}，没有再做什么。启动：xietong --data {dir} serve", "this machine is replica {replica} of {name} already, and nothing was done.   Start it:   xietong --data {dir} serve"},
	{CLIReplicaKept, "监听地址没有改动，仍是 {listen}；要改，请修改 {file} 中的 listen，再启动节点", "the address was not changed: it is {listen} still; to change it, set `listen` in {file}, and start the node again"},
	{CLIReplicaJoinedThen, "启动后，在原有的副本上执行：xietong replica promote {replica}", "then run on a replica that was there: xietong replica promote {replica}"},

	{CLIReplicaPromoted, "{replica} 已有表决权", "{replica} has a vote"},
	{CLIReplicaPromotes, "已记下：{replica} 将自动取得表决权；进度见 {xietong} replica list", "recorded; {replica} will get its vote by itself: `{xietong} replica list` shows how far it is"},
	{CLIReplicaPlan, "将永久移除副本 {replica}（{role}）：编号不再使用，那台机器要再加入，须取得新邀请码，从空目录开始", "this takes out replica {replica} ({role}) for good: its number never comes back, and to join again the machine needs a new invitation, and an empty directory"},
	{CLIReplicaPlanHere, "它就是本机：移除后本机不再为本级提供服务，请改用其他副本", "it is this machine, which serves the jurisdiction no more then: use another replica"},
	{CLIReplicaPlanOnly, "移除后只剩 1 个有表决权的副本，它坏了就不能工作", "1 replica stays with a vote: it may not be away"},
	{CLIReplicaPlanLast, "移除后有 {voters} 个有表决权的副本，缺一不可", "{voters} [replica stays|replicas stay] with a vote; none may be away"},
	{CLIReplicaPlanLess, "移除后有 {voters} 个有表决权的副本，其中 {away} 个现在不在，其余缺一不可", "{voters} [replica stays|replicas stay] with a vote, of which {away} [is|are] away now: no more may be"},
	{CLIReplicaPlanThen, "移除后有 {voters} 个有表决权的副本，可以缺 {spare} 个", "{voters} [replica stays|replicas stay] with a vote; {spare} may be away"},
	{CLIReplicaPlanAway, "移除后有 {voters} 个有表决权的副本，其中现在只有 {there} 个在：再有 {missing} 个回来之前不能写入，请先使它们恢复", "{voters} [replica stays|replicas stay] with a vote, and {there} [is|are] there now: nothing can be written until {missing} more [is|are] back, so bring those back first"},
	{CLIReplicaReplaceAsk, "确定移除并邀请另一台机器代替？请输入 y 或“是”", "take it out, and invite a machine in its stead? answer y or yes"},
	{CLIReplicaUninvited, "尚未邀请代替的机器：请执行 {xietong} replica invite", "no machine is invited in its stead yet: run `{xietong} replica invite`"},
	{CLIReplicaRemoveAsk, "确定移除？请输入 y 或“是”", "take it out? answer y or yes"},
	{CLIReplicaRemoved, "{replica} 已移除", "{replica} is taken out"},
	{CLIReplicaRemoves, "已记下，尚未移除：{replica} 正在自动移除，此前仍计入。在 {xietong} replica list 不再显示它之前，不得停止或者销毁那台机器", "recorded, and not yet done: {replica} is being removed by itself, and counts until then. Do not stop or destroy the machine until `{xietong} replica list` shows it no more"},
	{CLIReplicaWaits, "正在等待上级为最新的密钥集背书；没有连接到上级的，请先恢复连接（{xietong} status）", "it waits for the parent to endorse the newest key set; where the parent is not linked, mend that first (`{xietong} status`)"},
	{CLIReplicaWaitsReplica, "正在等待 {replica} 跟上；原因见 {xietong} replica list", "it waits for {replica} to catch up; `{xietong} replica list` says why it does not"},
	{CLIReplicaWaitsVotes, "正在等待其他副本签名和表决；有不在的，见 {xietong} replica list", "it waits for the other replicas to sign and vote; `{xietong} replica list` shows which are away"},
	{CLIReplicaGone, "请在那台机器上停止 xietong serve；它的数据目录中有本级的数据和密钥，请销毁", "stop `xietong serve` on that machine; its data directory has data and keys of the jurisdiction: destroy it"},
	{CLIReplicaBad, "参数 REPLICA 不能为“{value}”，应填副本编号，如 r1、r2", "the argument REPLICA cannot be \"{value}\": it is the number of a replica, such as r1 or r2"},

	{StatusReplicas, "副本：有表决权的 {voters} 个中 {there} 个跟随", "replicas: of {voters} with a vote, {there} [follows|follow]"},
	{StatusEnded, "{title}（{name}）：已停止，其余的照常服务；按下面的警报处理之后，重新启动节点", "{title} ({name}): ended, while the others are served; do what the alarm says, and start the node again"},
	{StatusNoLeader, "副本：没有主副本，不能写入；有表决权的 {voters} 个中 {there} 个有应答", "replicas: none leads, and nothing can be written; of {voters} with a vote, {there} [answers|answer]"},
	{StatusMember, "{replica}：{role}，跟随，落后 {behind} 条", "{replica}: {role}, follows, {behind} behind"},
	{StatusMemberNot, "{replica}：{role}；跟随：{follows}", "{replica}: {role}; follows: {follows}"},

	{JoinAdmitted, "接纳", "admitted"},
	{JoinReached, "可达", "reached"},
	{JoinReachedDone, "{by} 能连到本机", "by {by}"},
	{JoinSecrets, "交接", "keys handed over"},
	{JoinFilled, "数据", "filled"},
	{JoinAdmittedDone, "作为副本 {replica}", "as {replica}"},
	{JoinSecretsDone, "已取得本级的解密密钥", "the jurisdiction's, for decryption"},
	{JoinFilledDone, "{entries} 个条目", "with {entries} [entry|entries]"},
}
