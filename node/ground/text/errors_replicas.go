package text

import "net/http"

// Codes of the replicas of a jurisdiction.
const (
	ReplicaNotInvited     Code = "replica-not-invited"
	ReplicaInvitationUsed Code = "replica-invitation-used"
	ReplicaUnknown        Code = "replica-unknown"
	ReplicaLags           Code = "replica-lags"
	ReplicaLast           Code = "replica-last"
	NoLeader              Code = "no-leader"
	ReplicaNotInvitation  Code = "replica-not-invitation"
	ReplicaWasRemoved     Code = "replica-was-removed"
	ReplicaNoVote         Code = "replica-no-vote"
	ReplicaNoAddress      Code = "replica-no-address"
	ReplicaNotCome        Code = "replica-not-come"
	ReplicaTooMany        Code = "replica-too-many"
	InvitationOfReplica   Code = "invitation-of-replica"
	InvitationOfChild     Code = "invitation-of-child"
	ReplicaClockAhead     Code = "replica-clock-ahead"
	ReplicaClockBehind    Code = "replica-clock-behind"
	ReplicaClocksDiffer   Code = "replica-clocks-differ"
	LeaderClock           Code = "leader-clock"
	ReplicaAway           Code = "replica-away"
	ReplicasNoSpare       Code = "replicas-no-spare"
	ReplicaUnreached      Code = "replica-unreached"
	ReplicaStuck          Code = "replica-stuck"
	ReplicaNotReached     Code = "replica-not-reached"
	ReplicaTwice          Code = "replica-twice"
	ReplicaRunsHere       Code = "replica-runs-here"
	ReplicaAhead          Code = "replica-ahead"
	ReplicaKeepsMore      Code = "replica-keeps-more"
)

var replicaProblems = []problem{
	{
		number: 441, code: ReplicaNotInvited, status: http.StatusForbidden, params: []string{"replica"},
		zh: parts{"副本邀请无效", "没有发出过这份邀请，或者它已经过期，或者副本 {replica} 已经移除", "{replica}",
			"请在已有的副本上重新执行 xietong replica invite，并使用新的邀请码"},
		en: parts{"Invitation of a replica not valid", "it was never given, or has ended, or replica {replica} was removed", "{replica}",
			"run `xietong replica invite` again on a replica that is there, and use the new invitation"},
	},
	{
		number: 442, code: ReplicaInvitationUsed, status: http.StatusForbidden, params: []string{"replica"},
		zh: parts{"副本邀请已被另一台机器使用", "副本 {replica} 已经用另一套密钥加入，或者有人冒用了这份邀请", "{replica}",
			"请先查明是哪台机器；如不是自己的，请执行 xietong replica remove {replica}，再重新邀请"},
		en: parts{"Invitation of a replica used by another machine", "replica {replica} came with other keys, or somebody else used its invitation", "{replica}",
			"find out which machine that is; if it is none of yours, run `xietong replica remove {replica}`, and invite anew"},
	},
	{
		number: 454, code: ReplicaUnknown, status: http.StatusNotFound, params: []string{"replica"},
		zh: parts{"没有这个副本", "没有编号为 {replica} 的副本", "{replica}", "请用 xietong replica list 查看全部副本"},
		en: parts{"No such replica", "no replica has the number {replica}", "{replica}", "see all of them with `xietong replica list`"},
	},
	{
		number: 455, code: ReplicaLags, status: http.StatusConflict, params: []string{"replica", "behind"},
		zh: parts{"副本尚未跟上", "副本 {replica} 还没有跟上，现在参与表决会使写入等待它", "{replica}",
			"请确认该机器上的 xietong serve 正在运行，稍后重新执行同一命令；进度见 xietong replica list"},
		en: parts{"Replica has not caught up", "replica {replica} has not caught up: with a vote, it would make writing wait", "{replica}",
			"see that `xietong serve` runs on that machine, and repeat the same command later; `xietong replica list` shows how far it is"},
	},
	{
		number: 456, code: ReplicaLast, status: http.StatusConflict, params: []string{"replica"},
		zh: parts{"不能移除最后一个副本", "{replica} 是唯一有表决权的副本", "{replica}", "请先用 xietong replica promote 使另一个副本有表决权"},
		en: parts{"The last replica stays", "{replica} is the only replica with a vote", "{replica}",
			"give another one a vote first, with `xietong replica promote`"},
	},
	{
		number: 468, code: NoLeader, status: http.StatusServiceUnavailable, params: []string{"jurisdiction"},
		zh: parts{"没有主副本", "没有主副本，不能写入，也不能确认最新内容：多数副本不在，或者相互不能连接", "{jurisdiction}",
			"请用 xietong replica list 查看哪些副本不在或不能连接：在不在的机器上启动 xietong serve；恢复后重新执行同一命令"},
		en: parts{"No replica leads", "no replica leads, so nothing can be written, nor the newest be read: most are away, or cannot reach one another", "{jurisdiction}",
			"see with `xietong replica list` which are away or cannot be reached, and start `xietong serve` where it does not run; then repeat the same command"},
	},
	{
		number: 469, code: ReplicaNotInvitation, status: http.StatusUnprocessableEntity, params: []string{"reason"},
		zh: parts{"不是副本邀请码", "邀请码无法识别（{reason}）", "邀请码", "请核对是否完整复制 xietong replica invite 显示的一整行；下级加入请用 xietong join"},
		en: parts{"Not an invitation of a replica", "the text cannot be read ({reason})", "invitation",
			"copy the whole line that `xietong replica invite` printed; a lower level joins with `xietong join`"},
	},
	{
		number: 470, code: ReplicaWasRemoved, status: http.StatusConflict, params: []string{"replica"},
		zh: parts{"副本已移除", "副本 {replica} 已经从本级移除，编号不再使用", "{replica}",
			"需要这台机器再次加入时，请用 xietong replica invite 取得新邀请码，在空目录中执行 xietong replica join"},
		en: parts{"Replica removed", "replica {replica} was taken out, and its number never comes back", "{replica}",
			"to have the machine back, get a new invitation with `xietong replica invite`, and run `xietong replica join` in an empty directory"},
	},
	{
		number: 506, code: ReplicaNoVote, status: http.StatusConflict, params: []string{"replica"},
		zh: parts{"副本尚无表决权", "副本 {replica} 只跟随，尚无表决权，经它提交的不予记录", "{replica}",
			"请在有表决权的副本上重新执行同一命令（用 xietong replica list 查看）；也可以在那里用 xietong replica promote {replica} 使它有表决权"},
		en: parts{"Replica without a vote", "replica {replica} follows and has no vote yet, so nothing is recorded through it", "{replica}",
			"repeat the same command on a replica that has a vote (`xietong replica list` shows which), or give this one a vote there with `xietong replica promote {replica}`"},
	},
	{
		number: 471, code: ReplicaNoAddress, status: http.StatusConflict, params: []string{"file"},
		zh: parts{"没有其他副本能连接的地址", "本节点没有配置 listen，其他副本无法连接", "{file}", "请在配置中写明 listen（例如 192.0.2.7:7400），重新启动后再邀请"},
		en: parts{"No address for other replicas", "this node has no `listen`, so no other replica could connect", "{file}",
			"set `listen` in the configuration (for example 192.0.2.7:7400), start the node again, and invite then"},
	},
	{
		number: 472, code: ReplicaNotCome, status: http.StatusConflict, params: []string{"replica"},
		zh: parts{"副本尚未加入", "副本 {replica} 已受邀请，但还没有机器使用这份邀请", "{replica}", "请在那台机器上执行 xietong replica join，再重新执行同一命令"},
		en: parts{"Replica has not come", "replica {replica} was invited, and no machine has used the invitation yet", "{replica}",
			"run `xietong replica join` on that machine, and then the same command again"},
	},
	{
		number: 489, code: ReplicaTooMany, status: http.StatusConflict, params: []string{"limit"},
		zh: parts{"副本太多", "一个行政区划最多有 {limit} 个副本", "副本", "请用 xietong replica list 查看，移除不再使用的，或者未使用的邀请"},
		en: parts{"Too many replicas", "a jurisdiction has at most {limit} [replica|replicas]", "replicas", "take out those that are no longer used, and invitations that nobody used: `xietong replica list` shows them"},
	},
	{
		number: 490, code: InvitationOfReplica, status: http.StatusBadRequest,
		zh: parts{"这是副本邀请码", "这一行邀请本机成为某一行政区划的副本，不是邀请下级加入", "邀请码", "请用这一行执行 xietong replica join"},
		en: parts{"An invitation of a replica", "this line invites the machine to be one more replica of a jurisdiction, not a lower level to join", "invitation",
			"run `xietong replica join` with it"},
	},
	{
		number: 491, code: InvitationOfChild, status: http.StatusBadRequest,
		zh: parts{"这是下级的邀请码", "这一行邀请下级加入，不是邀请本机成为副本", "邀请码", "请用这一行执行 xietong join；需要副本邀请码的，请在已有的副本上执行 xietong replica invite"},
		en: parts{"An invitation of a lower level", "this line invites a lower level to join, not the machine to be one more replica", "invitation",
			"run `xietong join` with it; for an invitation of a replica, run `xietong replica invite` on a replica that is there"},
	},
	{
		number: 495, code: ReplicaAway, status: http.StatusServiceUnavailable, params: []string{"replica"},
		zh: parts{"副本不在", "副本 {replica} 超过一分钟没有应答", "{replica}",
			"请在那台机器上启动 xietong serve，并核对网络；机器已经损坏的，请用 xietong replica replace {replica} 换一台；情况见 xietong replica list"},
		en: parts{"A replica is away", "replica {replica} has not answered for more than a minute", "{replica}",
			"start `xietong serve` on that machine, and see that the network is there; if it is lost, put another in its stead with `xietong replica replace {replica}`; see `xietong replica list`"},
	},
	{
		number: 496, code: ReplicasNoSpare, status: http.StatusServiceUnavailable, params: []string{"voters", "there"},
		zh: parts{"不能再缺一个副本", "{voters} 个有表决权的副本中只有 {there} 个跟随：再缺一个就不能写入，最新内容也不能查询", "副本", "请尽快使其余副本恢复：原因和办法见 xietong replica list"},
		en: parts{"No replica may be lost any more", "of {voters} [replica|replicas] with a vote, {there} [follows|follow]: with one fewer nothing can be written, nor the newest be read", "replicas",
			"bring the others back soon: `xietong replica list` shows which, and why"},
	},
	{
		number: 497, code: ReplicaUnreached, status: http.StatusServiceUnavailable, params: []string{"replica", "by", "addresses"},
		zh: parts{"副本只能单向连接", "{by} 不能连到副本 {replica} 的地址 {addresses}；{replica} 能连到 {by}，但收不到写入的内容", "{addresses}",
			"请核对 {replica} 的 config.yaml 中的 listen 是否为其他机器能连到的地址，防火墙是否放行到该地址的 UDP；改正 listen 后重新启动该机器的 xietong serve"},
		en: parts{"A replica is reached in one direction alone", "{by} cannot reach replica {replica} at {addresses}; {replica} can reach {by}, and is sent nothing of what is written", "{addresses}",
			"see that `listen` in config.yaml of {replica} is an address that the other machines reach, and that the firewall passes UDP to it; when `listen` is right, start `xietong serve` on that machine again"},
	},
	{
		number: 498, code: ReplicaStuck, status: http.StatusServiceUnavailable, params: []string{"replica"},
		zh: parts{"副本没有跟随", "副本 {replica} 有应答，但超过一分钟没有写入任何内容", "{replica}", "请在那台机器上执行 xietong status，按其提示处理，并查看日志；情况见 xietong replica list"},
		en: parts{"A replica does not follow", "replica {replica} answers, and has taken in nothing for more than a minute", "{replica}",
			"run `xietong status` on that machine and do what it says, and read its log; see `xietong replica list`"},
	},
	{
		number: 499, code: ReplicaNotReached, status: http.StatusServiceUnavailable, params: []string{"replica", "by", "addresses"},
		zh: parts{"其他副本连不到本机", "{by} 不能连到本机（副本 {replica}）的地址 {addresses}；不能连到的副本收不到写入的内容", "本机地址 {addresses}",
			"请核对 --listen 是否为其他机器能连到的本机地址，双方是否监听同一网络的地址，防火墙是否双向放行 UDP；改正后重复同一命令（--listen 可改），邀请仍然有效"},
		en: parts{"The other replicas cannot reach this machine", "{by} cannot reach this machine (replica {replica}) at {addresses}; a replica that is not reached is sent nothing of what is written", "this machine, {addresses}",
			"see that --listen is an address of this machine that the others reach, that they listen on an address of the same network, and that the firewall passes UDP in both directions; then repeat the command, with another --listen if need be: the invitation is still good"},
	},
	{
		number: 500, code: ReplicaClockAhead, status: http.StatusServiceUnavailable, params: []string{"replica", "offset"},
		zh: parts{"副本时钟超前", "副本 {replica} 的时钟比多数副本超前 {offset}；它不作为主副本，写入由时钟一致的副本继续", "{replica}",
			"请校准该机器的时钟（如启用 NTP），校准后自动恢复；各副本的时钟偏差见 xietong replica list"},
		en: parts{"A replica's clock is ahead", "the clock of replica {replica} is {offset} ahead of those of most replicas; it does not lead, and writing goes on where the clocks agree", "{replica}",
			"set the clock of that machine right (NTP does), and all goes on by itself; `xietong replica list` shows how far the clocks are off"},
	},
	{
		number: 501, code: ReplicaClockBehind, status: http.StatusServiceUnavailable, params: []string{"replica", "offset"},
		zh: parts{"副本时钟落后", "副本 {replica} 的时钟比多数副本落后 {offset}；它不作为主副本，写入由时钟一致的副本继续", "{replica}",
			"请校准该机器的时钟（如启用 NTP），校准后自动恢复；各副本的时钟偏差见 xietong replica list"},
		en: parts{"A replica's clock is behind", "the clock of replica {replica} is {offset} behind those of most replicas; it does not lead, and writing goes on where the clocks agree", "{replica}",
			"set the clock of that machine right (NTP does), and all goes on by itself; `xietong replica list` shows how far the clocks are off"},
	},
	{
		number: 502, code: ReplicaClocksDiffer, status: http.StatusServiceUnavailable, params: []string{"replica", "beside", "offset"},
		zh: parts{"副本时钟不一致", "副本 {replica} 与 {beside} 的时钟相差 {offset}，无从判断哪一个准确，暂停写入", "{replica} 与 {beside}",
			"请核对两台机器的时钟并校准不准的一台，校准后自动继续写入；启动其余副本，或与上下级连通，也可判断；读取不受影响"},
		en: parts{"The replicas' clocks differ", "the clocks of replicas {replica} and {beside} are {offset} apart, and nobody can tell which is right, so writing has stopped", "{replica} and {beside}",
			"compare both with a clock that is right, and set the wrong one: the node writes again by itself; it can also tell once the other replicas run, or a neighbour is linked; reading goes on"},
	},
	{
		number: 503, code: LeaderClock, status: http.StatusServiceUnavailable, params: []string{"replica"},
		zh: parts{"主副本的时钟未予采信", "主副本 {replica} 的时钟无从核实，也没有时钟可信的副本可以接替，暂停写入", "{replica}",
			"请在该机器上执行 xietong status，按其提示处理；读取不受影响"},
		en: parts{"The leader's clock is not believed", "nobody vouches for the clock of replica {replica}, which leads, and no replica with a clock that is believed can take its place, so writing has stopped", "{replica}",
			"run `xietong status` on that machine, and do what it says; reading goes on"},
	},
	{
		number: 504, code: ReplicaTwice, status: http.StatusConflict, params: []string{"replica", "addresses"},
		zh: parts{"同一副本有两个在运行", "有两个进程都自称副本 {replica}：{addresses}", "{replica}",
			"请立即停止其中由备份或者复制的目录启动的一个，不得再启动；不能判断的，两个都停止，用 xietong replica replace {replica} 换一台"},
		en: parts{"Two run as one replica", "two processes say that they are replica {replica}: {addresses}", "{replica}",
			"stop the one at once that runs a backup or a copy of a directory, and never start it again; if you cannot tell, stop both, and put another in its stead with `xietong replica replace {replica}`"},
	},
	{
		number: 505, code: ReplicaRunsHere, status: http.StatusConflict, params: []string{"address", "replica", "dir"},
		zh: parts{"同一副本已在运行", "{address}（UDP）由正在运行的、名称和副本号（{replica}）都相同的节点占用；目录 {dir} 是它的复制或者备份，或者是以同一名称另行新建的；节点没有启动", "{dir}",
			"是复制或者备份的，不得启动这个目录，也不得改用其他地址：同一副本只能有一个在运行；要用它代替，先停止正在运行的一个，并且确认它不比那一个旧。是用 xietong init 另行新建的（密钥不同），请在配置（config.yaml）的 listen 中改用其他地址"},
		en: parts{"The same replica runs already", "{address} (UDP) is held by a node that runs under the same name as the same replica, {replica}; the directory {dir} is a copy of its own, or was made anew under the same name; the node was not started", "{dir}",
			"if it is a copy or a backup, do not start it, at no other address either: one replica runs once; to have it in place of the other, stop that one first, and make sure that this directory is not older. If it was made by an `xietong init` of its own, with other keys, give it another address: `listen` in config.yaml"},
	},
	{
		number: 555, code: ReplicaAhead, status: http.StatusServiceUnavailable, params: []string{"jurisdiction", "replica", "dir"},
		zh: parts{"只有本副本的条目是全的", "副本 {replica} 中有 {jurisdiction} 已经告知办成的条目，现在的主副本中没有：其他副本从旧备份恢复过，或者随机器退回过旧状态。跟随它们会丢掉这些条目，因此本副本不再跟随任何一个，不表决，不签名，不答复其他行政区划；它的数据目录是最新的，其中没有改动任何内容", "{dir}",
			"请保留本目录，不要更换或移除本副本；先停止其他副本（它们在此期间写入的条目须由经办部门重新办理，其目录留存备查）。再请上级用 xietong invite NAME --rekey 重新邀请，停止本节点，在本目录执行 xietong join TOKEN --alone --reason 理由（有恢复密钥纸件的，加上 --recovery），启动后再逐一增加副本"},
		en: parts{"This replica alone has all entries", "replica {replica} has acknowledged entries of {jurisdiction} that the replica which leads now does not have: the others were put back from old backups, or set back with their machines. " +
			"To follow them would lose those entries, so this replica follows nobody any more, has no vote, signs nothing, and answers no other jurisdiction; its data directory is the newest, and nothing in it was changed", "{dir}",
			"keep this directory, and neither replace nor remove this replica. First stop the other replicas; what they recorded meanwhile, their agencies must do again, so keep their directories to look it up. Then have the parent run `xietong invite NAME --rekey`, stop this node, run `xietong join TOKEN --alone --reason TEXT` in this directory (with --recovery if the paper with the recovery key is there), start it, and add replicas again"},
	},
	{
		number: 556, code: ReplicaKeepsMore, status: http.StatusServiceUnavailable, params: []string{"replica"},
		zh: parts{"有副本的条目比这里全", "副本 {replica} 说，它有已经告知办成的条目，而现在的主副本和跟随它的副本没有：这些副本从旧备份恢复过，或者随机器退回过旧状态。{replica} 不再跟随", "{replica}",
			"不要更换或移除 {replica}，它的数据目录是最新的：请停止本机和其他跟随主副本的副本，在 {replica} 的机器上执行 xietong status，按其说明从那个目录继续"},
		en: parts{"Another replica has more than this one", "replica {replica} says that it has entries that were acknowledged, and that the one that leads, and those that follow it, do not have: they were put back from old backups, or set back with their machines. {replica} follows no more", "{replica}",
			"neither replace nor remove {replica}, whose data directory is the newest: stop this node and the others that follow the leader, run `xietong status` on the machine of {replica}, and go on from that directory as it says"},
	},
}
