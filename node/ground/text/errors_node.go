package text

import "net/http"

// Problems of a node, and of its directory, disk, clock and configuration.
const (
	CommandFailed   Code = "command-failed"
	ValueUnreadable Code = "value-unreadable"
	Overloaded      Code = "overloaded"

	NodeSilent        Code = "node-silent"
	DirInUse          Code = "dir-in-use"
	DirNewer          Code = "dir-newer"
	DirOlder          Code = "dir-older"
	DirReadOnly       Code = "dir-read-only"
	DirNotEmpty       Code = "dir-not-empty"
	DirOfNode         Code = "dir-of-node"
	DirUnfinished     Code = "dir-unfinished"
	DirHalfReplica    Code = "dir-half-replica"
	DirNotNode        Code = "dir-not-node"
	TemporaryUnusable Code = "temporary-unusable"
	TemporaryDamaged  Code = "temporary-damaged"
	DiskFull          Code = "disk-full"
	GrowthFull        Code = "growth-full"
	SpaceNeeded       Code = "space-needed"
	ClockSetBack      Code = "clock-set-back"
	ClockAhead        Code = "clock-ahead"
	ClockUnvouched    Code = "clock-unvouched"
	ClockJumped       Code = "clock-jumped"
	ClockCorrected    Code = "clock-corrected"
	ClockBelieved     Code = "clock-believed"
	ClockWrongHere    Code = "clock-wrong-here"
	ClockWrongThere   Code = "clock-wrong-there"
	ClocksDiffer      Code = "clocks-differ"
	ClockBack         Code = "clock-back"
	ConfigWrongKey    Code = "config-wrong-key"
	ConfigForm        Code = "config-form"
	ConfigInvalid     Code = "config-invalid"
	ConfigName        Code = "config-name"
	NotRunning        Code = "not-running"
	Diverged          Code = "diverged"
	ReplicaStopped    Code = "replica-stopped"
	StateDamaged      Code = "state-damaged"
	ChainMissing      Code = "chain-missing"
	KeystoreOther     Code = "keystore-other"
	PartOther         Code = "part-other"
	KeysEnded         Code = "keys-ended"
	NodeStarting      Code = "node-starting"
	NotStoppable      Code = "not-stoppable"
	StillStopping     Code = "still-stopping"
	DetachedEnded     Code = "detached-ended"
)

var nodeProblems = []problem{
	{
		number: 55, code: CommandFailed, status: http.StatusInternalServerError, params: []string{"command"},
		zh: parts{"命令未能执行", "节点无法执行这项请求（命令 {command}），账本未作任何改动", "本节点",
			"请核对请求的内容，特别是过长的名称和文本；如仍出现，请管理员查看节点日志并报告"},
		en: parts{"Command failed", "the node cannot carry out what was asked (command {command}); nothing in the ledger was changed", "this node",
			"check the content of the request, long names and texts above all; if it happens again, the administrator should read the node's log and report it"},
	},
	{
		number: 56, code: ValueUnreadable, status: http.StatusInternalServerError, params: []string{"bucket", "key"},
		zh: parts{"有一项数据无法读取", "{bucket} 中键为 {key} 的一项数据无法读取，与它有关的请求不能办理，其他请求不受影响", "本节点",
			"请管理员用 xietong ledger verify 检查数据目录；有损坏的，请从备份恢复"},
		en: parts{"A value cannot be read", "the value {key} of {bucket} cannot be read: what it is about is out of service, and everything else goes on",
			"this node", "the administrator should check the data directory with `xietong ledger verify`, and restore it from a backup if it is damaged"},
	},
	{
		number: 57, code: Overloaded, status: http.StatusServiceUnavailable, again: true, params: []string{"seconds"},
		zh: parts{"节点繁忙", "节点正在办理的请求已达上限，这一请求没有办理", "本节点", "请在 {seconds} 秒后重试"},
		en: parts{"Overloaded", "as much is under way at this node as it takes, and this request was not carried out", "this node",
			"try again in {seconds} s"},
	},
	{
		number: 60, code: DirInUse, status: http.StatusConflict, params: []string{"dir"},
		zh: parts{"数据目录已被占用", "另一个进程正在使用该数据目录", "{dir}",
			"请用 xietong status 查看运行中的节点；要独占目录的（重启、用 ledger verify 核对等），请先停止它，或者对停止后复制的目录执行"},
		en: parts{"Data directory in use", "another process is using the data directory", "{dir}",
			"see the running node with `xietong status`; what needs the directory for itself, as a start or `ledger verify` does, needs the node stopped, or a copy that was made while it was"},
	},
	{
		number: 61, code: DirNewer, status: http.StatusConflict, params: []string{"dir", "format", "version"},
		zh: parts{"数据目录版本较新", "数据目录为第 {format} 版格式，本程序只支持到第 {version} 版", "{dir}",
			"请改用写入该目录的程序版本或更新版本；数据未作任何改动"},
		en: parts{"Newer data directory", "the data directory has format {format}, and this program knows up to {version}", "{dir}",
			"run the version that wrote it, or a newer one; nothing was changed"},
	},
	{
		number: 108, code: DirOlder, status: http.StatusConflict, params: []string{"dir", "format", "version"},
		zh: parts{"数据目录版本较旧", "数据目录为第 {format} 版格式，本程序只读第 {version} 版；0.1.0 发布前格式会变，旧目录不能沿用", "{dir}",
			"请用写入该目录的程序版本导出所需数据，再在空目录中新建节点；数据未作任何改动"},
		en: parts{"Older data directory",
			"the data directory has format {format}, and this program reads {version}: before 0.1.0 formats change, and old directories are not taken over",
			"{dir}", "take what you need from it with the version that wrote it, and make a node in an empty directory; nothing was changed"},
	},
	{
		number: 62, code: DirReadOnly, status: http.StatusServiceUnavailable, params: []string{"dir"},
		zh: parts{"数据目录不可写", "数据目录只能读取，节点不能写入", "{dir}", "请检查目录权限、挂载方式和磁盘状态后重新启动节点"},
		en: parts{"Data directory is read-only", "the node cannot write to the data directory", "{dir}",
			"check its permissions, the mount and the disk, then start the node again"},
	},
	{
		number: 63, code: DirNotEmpty, status: http.StatusConflict, params: []string{"dir"},
		zh: parts{"目录不为空", "该目录已有内容，但不是节点的数据目录，不能用来新建节点", "{dir}", "请核对路径，另选一个空目录"},
		en: parts{"Directory not empty", "the directory has content that is none of a node, so no node is made in it", "{dir}",
			"check the path, and choose an empty directory"},
	},
	{
		number: 581, code: DirOfNode, status: http.StatusConflict, params: []string{"dir", "name", "replica"},
		zh: parts{"目录已属于一个节点", "该目录是 {name} 的节点（副本 {replica}）的数据目录，不能用来新建或加入别的，未作任何改动", "{dir}",
			"要启动它，请用 xietong serve；要新建或加入，请另选一个空目录。这个副本已被移出的（其他副本的 xietong replica list 中没有它），该目录不再使用：在其他副本上执行 xietong replica invite，再在空目录中执行 xietong replica join TOKEN"},
		en: parts{"Directory of a node", "this is the data directory of the node of {name} (replica {replica}), so nothing else is made or joined in it; nothing was changed", "{dir}",
			"to start it, use `xietong serve`; to make or join another, choose an empty directory. If this replica was removed (`xietong replica list` on the others does not have it), the directory is used no more: run `xietong replica invite` on one of the others, and `xietong replica join TOKEN` in an empty directory"},
	},
	{
		number: 582, code: DirUnfinished, status: http.StatusConflict, params: []string{"dir", "name"},
		zh: parts{"目录中有未完成的新建或加入", "该目录中有 {name} 的节点尚未完成的新建或加入，不能用来做别的，未作任何改动", "{dir}",
			"要完成它，请重新执行当初的命令：xietong init NAME，或者 xietong join TOKEN；要做别的，请另选一个空目录"},
		en: parts{"Directory of an unfinished node", "a node of {name} was begun in this directory, by init or join, and not finished, so nothing else is made in it; nothing was changed", "{dir}",
			"to finish it, repeat the command that began it: `xietong init NAME`, or `xietong join TOKEN`; for anything else choose an empty directory"},
	},
	{
		number: 583, code: DirHalfReplica, status: http.StatusConflict, params: []string{"dir", "name", "replica"},
		zh: parts{"目录中有未完成的副本加入", "该目录中有 {name} 的副本 {replica} 尚未完成的加入，不能用来做别的，未作任何改动", "{dir}",
			"要完成它，请用副本 {replica} 的邀请重新执行 xietong replica join TOKEN；邀请已过期或已取消的，请另选一个空目录，并在其他副本上执行 xietong replica invite"},
		en: parts{"Directory of a replica that has half joined", "replica {replica} of {name} began to join in this directory, and has not finished, so nothing else is made in it; nothing was changed", "{dir}",
			"to finish it, repeat `xietong replica join TOKEN` with the invitation of {replica}; if that has ended, run `xietong replica invite` on one of the others, and choose an empty directory"},
	},
	{
		number: 64, code: DirNotNode, status: http.StatusNotFound, params: []string{"dir"},
		zh: parts{"不是数据目录", "该目录不是节点的数据目录，或者缺少其中的文件", "{dir}",
			"请核对路径；原来是节点的，请从备份恢复缺少的文件，不要在原目录新建；确为新节点的，用 xietong init 新建"},
		en: parts{"Not a data directory", "this is not the data directory of a node, or a file of it is missing", "{dir}",
			"check the path; if it was a node, restore what is missing from a backup; `xietong init` is for a new one"},
	},
	{
		number: 445, code: NodeStarting, status: http.StatusServiceUnavailable, params: []string{"dir"},
		zh: parts{"节点正在启动", "有进程正在使用该数据目录（节点正在启动或者停止），等候 10 秒仍没有应答", "{dir}",
			"请稍候再执行同一命令；长时间没有应答的，请查看该进程的日志"},
		en: parts{"Node is starting", "a process holds the data directory (a node that starts or stops), and gave no answer within 10 s", "{dir}",
			"wait a little and repeat the command; if that does not help, read the log of that process"},
	},
	{
		number: 433, code: NodeSilent, status: http.StatusGatewayTimeout, params: []string{"seconds", "dir"},
		zh: parts{"节点没有答复", "节点进程在运行，但 {seconds} 秒内没有答复：可能被暂停，或者磁盘没有响应", "{dir}",
			"请查看它的日志、CPU 和磁盘；仍不答复的，结束该进程（kill），再用 xietong serve 启动，已记入账本的不会丢失"},
		en: parts{"Node gives no answer", "the process of the node is there, and has given no answer within {seconds} s: it may be suspended, or its disk does not respond", "{dir}",
			"look at its log, the CPU and the disk; if it stays so, end the process (kill) and start it with `xietong serve`: nothing that is in the ledger is lost"},
	},
	{
		number: 446, code: NotStoppable, status: http.StatusConflict,
		zh: parts{"不能由此停止", "该节点由另一程序运行，没有停止的接口", "本节点", "请停止运行它的程序"},
		en: parts{"Cannot be stopped here", "the node is run by another program, which takes no request to stop it", "this node", "stop that program"},
	},
	{
		number: 447, code: StillStopping, status: http.StatusServiceUnavailable, params: []string{"pid", "dir"},
		zh: parts{"节点尚未停止", "节点已收到停止的请求，30 秒后进程 {pid} 仍在使用数据目录", "{dir}",
			"请再等一会儿，用 xietong stop 或 xietong status 查看；仍不停止的，请查看节点日志，再结束该进程：账本不会因此损坏"},
		en: parts{"Still stopping", "the node took the request to stop, and process {pid} still holds the data directory after 30 s", "{dir}",
			"wait a little, and look with `xietong status`; if it goes on, read its log, and end the process: the ledger is not harmed by that"},
	},
	{
		number: 448, code: DetachedEnded, status: http.StatusInternalServerError, params: []string{"file"},
		zh: parts{"节点没有启动", "后台进程在就绪之前结束，没有说明原因", "{file}", "请查看该日志文件的末尾，处理后重新启动"},
		en: parts{"Node did not start", "the process in the background ended before it was ready, and did not say why", "{file}",
			"read the end of that log file, mend what it names, and start the node again"},
	},
	{
		number: 213, code: ChainMissing, status: http.StatusServiceUnavailable, params: []string{"name", "parent", "file"},
		zh: parts{"缺少上级给出的文件", "{name}已加入{parent}，但上级给出的文件不见了；没有它，本节点会把自己当作根", "{file}",
			"请从备份恢复这个文件；没有备份的，请{parent}用 xietong invite NAME --rekey 重新邀请，然后在原数据目录执行 xietong join，密钥和数据都会保留"},
		en: parts{"What the parent said is missing", "{name} joined under {parent}, and the file with what the parent said is missing; without it the node would take itself for a root", "{file}",
			"restore the file from a backup; if there is none, have {parent} run `xietong invite NAME --rekey` for it, and run `xietong join` in this data directory: keys and data stay"},
	},
	{
		number: 65, code: DiskFull, status: http.StatusInsufficientStorage, params: []string{"dir", "free", "needed"},
		zh: parts{"磁盘空间不足", "可用空间 {free}，低于最低要求 {needed}，暂停写入；数据使用须先记录，因此查询也暂停，目录、状态和已有存证仍可查看", "{dir}",
			"请清理或扩充磁盘；空间恢复后节点自动继续写入"},
		en: parts{"Disk full", "{free} are free and {needed} are needed, so nothing can be written, and no query recorded and answered; " +
			"catalogue, status and receipts can be read", "{dir}",
			"free or add space; the node writes again by itself once there is enough"},
	},
	{
		number: 586, code: GrowthFull, status: http.StatusServiceUnavailable, again: true, params: []string{"jurisdiction", "again"},
		zh: parts{"对方磁盘空间不足", "{jurisdiction}的磁盘空间不足，记不下其他行政区划的请求，这一请求没有办理；与提出多少请求无关", "{jurisdiction}",
			"请在 {again} 秒后重试；仍然如此的，请{jurisdiction}的管理员清理或扩充磁盘，有了空间即自动恢复"},
		en: parts{"Disk without room for others", "the disk of {jurisdiction} has no room to record what other jurisdictions ask, so this was not carried out; how much you asked has nothing to do with it", "{jurisdiction}",
			"try again in {again} s; if it is so still, have the administrator of {jurisdiction} make or add space: it goes on by itself then"},
	},
	{
		number: 326, code: SpaceNeeded, status: http.StatusInsufficientStorage, params: []string{"dir", "needed", "free", "reserve"},
		zh: parts{"磁盘放不下该文件", "接收该文件约需 {needed}，而磁盘只有 {free} 可用，其中 {reserve} 须留给节点；没有写入任何内容", "{dir}",
			"请在该磁盘上腾出空间，或者将文件分成几个分别导入；其他文件正在导入的，等其完成后再试"},
		en: parts{"No room for the file", "the file needs about {needed}, and {free} are free, of which {reserve} stay with the node; nothing was written", "{dir}",
			"free space on that disk, or import the file in several parts; while other files are being imported, wait for them and try again"},
	},
	{
		number: 58, code: TemporaryUnusable, status: http.StatusInsufficientStorage, params: []string{"dir", "reason"},
		zh: parts{"临时文件夹不可用", "节点的临时文件夹无法存放收到的文件：{reason}；没有发布任何内容", "{dir}",
			"请在该文件夹所在的磁盘腾出空间，或修复该文件夹及其权限；也可将节点的 TMPDIR 设为另一磁盘上的文件夹，并重新启动节点；然后重新执行同一命令"},
		en: parts{"Temporary folder not usable", "the node's temporary folder cannot hold the file that came: {reason}; nothing was published", "{dir}",
			"free space on its disk, or mend the folder and its permissions; or set TMPDIR of the node to a folder on another disk, and start the node again; " +
				"then repeat the command"},
	},
	{
		number: 59, code: TemporaryDamaged, status: http.StatusInternalServerError, params: []string{"dir"},
		zh: parts{"临时文件夹的磁盘有误", "节点的临时文件夹所在磁盘读出的内容与写入的不同；没有发布任何内容", "{dir}",
			"请检查该磁盘，然后重新执行同一命令：导入会从中断处继续；也可将节点的 TMPDIR 设为另一磁盘上的文件夹，并重新启动节点"},
		en: parts{"Disk of the temporary folder", "the disk of the node's temporary folder gave back other bytes than were written; nothing was published", "{dir}",
			"check the disk, and repeat the command: an import goes on where it was; or set TMPDIR of the node to a folder on another disk, and start the node again"},
	},
	{
		number: 66, code: ClockSetBack, status: http.StatusServiceUnavailable, params: []string{"behind", "ledger"},
		zh: parts{"时钟落后过多", "本机时钟比账本时间落后 {behind}，超过 72 小时，暂停写入", "本机时钟；账本时间 {ledger}",
			"本机时钟不准的，请校准（如启用 NTP），校准后节点自动继续写入；时钟无误的，说明账本曾在时钟超前时写入：须开启账本的新纪元，本版本尚不为时钟开启，" +
				"到账本时间前 72 小时起可自动校正并恢复写入；读取不受影响"},
		en: parts{"Clock too far behind", "this machine's clock is {behind} behind the ledger, more than 72 hours, so writing has stopped",
			"this machine's clock; ledger time is {ledger}", "if the clock is wrong, set it right (NTP does), and the node writes again by itself; if it is right, the ledger was written " +
				"while it was ahead: that needs a new epoch of the ledger, which this version does not begin for a clock, and writing begins again by itself 72 hours before the ledger's time; reading goes on"},
	},
	{
		number: 416, code: ClockUnvouched, status: http.StatusServiceUnavailable, params: []string{"offset", "clock", "ledger"},
		zh: parts{"时钟无从核实", "本机时钟为 {clock}，与账本最后的时间相差 {offset}，超过 72 小时，且没有上下级或对时服务为其证实，暂停写入", "本机时钟；账本时间 {ledger}",
			"时钟不准的，请校准；与上下级连通，或由 systemd-timesyncd 对时之后，节点自动继续写入；确认时钟无误的，请执行 xietong clock accept；读取不受影响"},
		en: parts{"Clock vouched for by nobody", "this machine's clock says {clock}, which is {offset} off the ledger's last time, more than 72 hours, and neither a neighbour nor a time service vouches for it, so writing has stopped",
			"this machine's clock; ledger time is {ledger}", "set the clock right if it is wrong; the node writes again by itself once a neighbour's clock agrees, or systemd-timesyncd has set the clock; " +
				"if you know that it is right: `xietong clock accept`; reading goes on"},
	},
	{
		number: 410, code: ClockJumped, status: http.StatusServiceUnavailable, params: []string{"offset", "clock"},
		zh: parts{"时钟跳变", "节点运行期间，本机时钟跳到 {clock}，与实际经过的时间相差 {offset}，且没有上下级或对时服务为其证实，暂停写入", "本机时钟",
			"时钟不准的，请校准，校准后节点自动继续写入；与上下级的时钟一致，或由 systemd-timesyncd 对时之后，节点也自动继续写入；确认时钟无误的，请执行 xietong clock accept；读取不受影响"},
		en: parts{"Clock jumped", "while the node ran, this machine's clock jumped to {clock}, {offset} off the time that has passed, and neither a neighbour nor a time service vouches for it, so writing has stopped", "this machine's clock",
			"set the clock right if it is wrong, and the node writes again by itself; it does, too, once a neighbour's clock agrees, or systemd-timesyncd has set the clock; " +
				"if you know that it is right: `xietong clock accept`; reading goes on"},
	},
	{
		number: 411, code: ClockCorrected, status: http.StatusConflict, params: []string{"since", "ledger"},
		zh: parts{"时钟已校正", "账本曾在时钟超前时写入，账本时间已到 {ledger}；{since} 已按本机时钟校正，期限以本机时钟为准，条目同时记载两个时间", "账本时间",
			"无须操作：本机时钟到达账本时间后自动恢复；在此之前，校正以前发出的请求可能须以新的请求标识重发"},
		en: parts{"Clock corrected", "the ledger was written while the clock was ahead, and its time is {ledger}; this was corrected at {since}: what ends is judged by this machine's clock, and entries carry both times", "ledger time",
			"nothing needs doing: it is over when the clock reaches the ledger's time; until then, requests that were made before the correction may have to be made again, as new ones"},
	},
	{
		number: 412, code: ClockBelieved, status: http.StatusConflict, params: []string{"jurisdiction"},
		zh: parts{"时钟无须确认", "{jurisdiction} 的时钟没有疑问，没有需要确认的内容；没有写入任何内容", "本机时钟", "无须操作；可执行 xietong clock show 查看由谁证实"},
		en: parts{"Clock needs no word", "the clock of {jurisdiction} is not in doubt, so there is nothing to accept; nothing was recorded", "this machine's clock",
			"nothing needs doing; `xietong clock show` says who vouches for it"},
	},
	{
		number: 417, code: ClockBack, status: http.StatusServiceUnavailable, again: true,
		zh: parts{"时钟正在校正", "处理请求时本机时钟被回拨，账本的时钟尚未校正；没有写入任何内容", "本机时钟", "请稍后重新执行同一命令"},
		en: parts{"Clock being corrected", "this machine's clock was set back while the request was under way, and that of the ledger is not corrected yet; nothing was recorded",
			"this machine's clock", "repeat the same command in a moment"},
	},
	{
		number: 444, code: ClockAhead, status: http.StatusConflict, params: []string{"offset", "name"},
		zh: parts{"本机时钟超前", "按{name}的时钟，本机时钟超前 {offset}；此时写入的条目将带有错误的时间", "本机时钟",
			"请立即校准本机时钟（如 timedatectl set-ntp true）；超前不到 72 小时的，校准后节点自动校正；本机无误的，请{name}的管理员校准"},
		en: parts{"Clock ahead", "by the clock of {name} this machine's clock is {offset} ahead: what is written now carries a wrong time", "this machine's clock",
			"set this clock right at once (timedatectl set-ntp true): up to 72 hours are corrected by themselves then; if it is right, the administrator of {name} should set theirs"},
	},
	{
		number: 374, code: ClockWrongHere, status: http.StatusConflict, params: []string{"offset", "clock", "name", "since"},
		zh: parts{"本机时钟很可能不准", "本机时钟为 {clock}，{name}的时钟为 {since}，相差 {offset}，听到的其他时钟与后者一致，因此很可能是本机不准；双方的证书只在本方时间内有效，所以连接中断，此时写入的条目将带有错误的时间", "本机时钟",
			"请立即校准本机时钟（如 timedatectl set-ntp true），校准后约一分钟内自动恢复连接；超前不到 72 小时的，账本时间由节点自动校正；核对后确认本机无误的，请{name}的管理员校准"},
		en: parts{"This machine's clock is probably wrong", "this machine's clock says {clock} and that of {name} {since}, {offset} apart, and the other clocks that are heard agree with the latter, so this machine's is probably the wrong one; " +
			"certificates are good for the time of their own side alone, so there is no link, and what is written now carries a wrong time", "this machine's clock",
			"set this clock right at once (timedatectl set-ntp true): the link comes back by itself within about a minute, and up to 72 hours ahead are corrected in the ledger by themselves; " +
				"if you have compared it and it is right, the administrator of {name} should set theirs"},
	},
	{
		number: 419, code: ClockWrongThere, status: http.StatusConflict, params: []string{"name", "offset", "clock", "since"},
		zh: parts{"上级或下级的时钟很可能不准", "{name}的时钟为 {since}，本机时钟为 {clock}，相差 {offset}，听到的其他时钟或本机的对时服务与本机一致，因此很可能是{name}不准；双方的证书只在本方时间内有效，所以连接中断", "{name}的时钟",
			"请联系{name}的管理员校准其时钟，校准后约一分钟内自动恢复连接；在此之前，对方写入的条目带有错误的时间"},
		en: parts{"A neighbour's clock is probably wrong", "the clock of {name} says {since} and this machine's {clock}, {offset} apart, and the other clocks that are heard, or this machine's time service, agree with this one, so theirs is probably the wrong one; " +
			"certificates are good for the time of their own side alone, so there is no link", "the clock of {name}",
			"tell the administrator of {name} to set theirs right: the link comes back by itself within about a minute; until then what is written there carries a wrong time"},
	},
	{
		number: 507, code: ClocksDiffer, status: http.StatusConflict, params: []string{"name", "clock", "since", "offset"},
		zh: parts{"双方时钟不一致", "本机时钟为 {clock}，{name}的时钟为 {since}，相差 {offset}，没有其他时钟可供判断哪一方不准；双方的证书只在本方时间内有效，所以连接中断，不准的一方写入的条目带有错误的时间", "本机与{name}的时钟",
			"请立即对照电话报时或北京时间网站核对本机时钟：不准的，请校准（如 timedatectl set-ntp true）；无误的，请{name}的管理员校准；校准后约一分钟内自动恢复连接"},
		en: parts{"The clocks of the two differ", "this machine's clock says {clock} and that of {name} {since}, {offset} apart, and no other clock is heard that could tell which is wrong; " +
			"certificates are good for the time of their own side alone, so there is no link, and what is written where the clock is wrong carries a wrong time", "the clocks of this machine and of {name}",
			"compare this machine's clock with one that is right, at once: if it is wrong, set it (timedatectl set-ntp true); if it is right, the administrator of {name} should set theirs; the link comes back by itself within about a minute"},
	},
	{
		number: 67, code: ConfigWrongKey, status: http.StatusBadRequest, params: []string{"key", "file", "line", "known", "column"},
		zh: parts{"配置项不存在", "没有名为 {key} 的配置项", "{file} 第 {line} 行第 {column} 列", "请改用：{known}"},
		en: parts{"Unknown setting", "there is no setting {key}", "{file}, line {line}, column {column}", "use instead: {known}"},
	},
	{
		number: 68, code: ConfigInvalid, status: http.StatusBadRequest, params: []string{"key", "reason", "file", "line", "column", "wanted"},
		zh: parts{"配置有误", "配置项 {key} 有误：{reason}", "{file} 第 {line} 行第 {column} 列", "应填：{wanted}；请改正后重新启动节点"},
		en: parts{"Invalid setting", "the setting {key} is wrong: {reason}", "{file}, line {line}, column {column}",
			"it must be {wanted}; correct it and start the node again"},
	},
	{
		number: 451, code: ConfigForm, status: http.StatusBadRequest, params: []string{"reason", "file", "line", "column"},
		zh: parts{"配置文件有误", "配置文件不能读懂：{reason}", "{file} 第 {line} 行第 {column} 列",
			"每个配置项写成一行“name: value”，各写一次：冒号和引号用英文半角，冒号后空一格，缩进用空格；文件用 UTF-8 编码，至多 1048576 字节。改正后用 xietong config check 检查，再重新启动节点"},
		en: parts{"Invalid configuration file", "the configuration cannot be read: {reason}", "{file}, line {line}, column {column}",
			"write each setting once, as `name: value`: an ASCII colon with a space after it, ASCII quotation marks, spaces to indent; in UTF-8, of at most 1 MiB; check it with `xietong config check`, and start the node again"},
	},
	{
		number: 449, code: ConfigName, status: http.StatusNotFound, params: []string{"name", "found", "file", "dir"},
		zh: parts{"配置中的名称不符", "配置列有 {name}，数据目录中没有它的文件夹；其中有而配置没有列出的：{found}", "{file} 中的 name",
			"配置中的名称写错的，请改为数据目录中的名称（名称设定后不能更改）；确为 {name} 的，请从节点停止时的备份恢复 {dir}"},
		en: parts{"Name not that of the folder", "the configuration has {name}, which has no folder in the data directory; there, and not in the configuration: {found}", "name in {file}",
			"if the name is mistyped, write that of the folder: names are permanent; if it is {name} indeed, restore {dir} from a backup taken while the node was stopped"},
	},
	{
		number: 69, code: NotRunning, status: http.StatusServiceUnavailable, params: []string{"dir"},
		zh: parts{"节点未运行", "控制接口没有应答，节点未运行", "{dir}", "请用 xietong serve 启动节点，或用 --data 指明数据目录"},
		en: parts{"Node not running", "nothing answers on the control socket: the node is not running", "{dir}",
			"start it with `xietong serve`, or name its data directory with --data"},
	},
	{
		number: 70, code: Diverged, status: http.StatusServiceUnavailable, params: []string{"replica", "log", "size"},
		zh: parts{"副本不一致", "副本 {replica} 的账本或数据与多数副本不同，已停止服务", "{log}，树大小 {size}",
			"请勿删除数据；请保留数据目录，从其他副本重建该副本，并查明原因"},
		en: parts{"Replica diverged", "the ledger or the data of replica {replica} differ from those of the majority; it has stopped",
			"{log}, tree size {size}", "delete nothing: keep the data directory, rebuild the replica from the others, and find the cause"},
	},
	{
		number: 343, code: ReplicaStopped, status: http.StatusServiceUnavailable, params: []string{"replica", "reason", "dir"},
		zh: parts{"副本无法写入磁盘", "副本 {replica} 无法写入磁盘：{reason}；节点已停止，已经确认的内容都在", "{dir}",
			"磁盘已满的，请清理或扩充磁盘；其他原因请查看系统日志，检查磁盘；然后用 xietong serve 重新启动节点，启动时会自行修复"},
		en: parts{"Replica cannot write", "replica {replica} cannot write to the disk: {reason}; the node has stopped, and all that was confirmed is kept", "{dir}",
			"free or add space if the disk is full, and otherwise look into the system log and check the disk; then start the node again with `xietong serve`: it repairs itself at the start"},
	},
	{
		number: 344, code: StateDamaged, status: http.StatusInternalServerError, params: []string{"file"},
		zh: parts{"数据文件已损坏", "本节点的数据文件有一部分已损坏，与之有关的请求不能办理，重试也没有用；其他请求不受影响", "{file}",
			"请管理员检查磁盘。本级有其他副本的，节点自行从它们取回数据；没有的，请看 xietong status 说明的办法"},
		en: parts{"Data file damaged", "a part of this node's data file is damaged: what needs it cannot be done, and trying again does not help; everything else goes on", "{file}",
			"the administrator should check the disk; where the jurisdiction has other replicas the node takes its data from them by itself, and where it has none, `xietong status` says what to do"},
	},
	{
		number: 196, code: KeystoreOther, status: http.StatusConflict, params: []string{"dir"},
		zh: parts{"密钥库不属于本账本", "此密钥库（keystore）不是本账本的密钥库，而是另一行政区划或另一份复制件的；用它查不到任何已有记录", "{dir}",
			"请放回属于本账本的密钥库：一个行政区划文件夹的全部文件须出自同一份备份，且备份时节点已停止；请勿删除现有的密钥库，也不要新建"},
		en: parts{"Another keystore", "this keystore is not the one of this ledger: it is of another jurisdiction or another copy, and no record would be found under it", "{dir}",
			"put back the keystore of this ledger: all files of a jurisdiction's folder must come from one backup, taken while the node was stopped; " +
				"delete no keystore, and make no new one"},
	},
	{
		number: 197, code: PartOther, status: http.StatusConflict, params: []string{"part", "dir"},
		zh: parts{"文件夹由不同的复制件拼成", "此处的 {part} 不属于本账本，而是另一行政区划、另一份复制件或另一时间的", "{dir}",
			"请用同一份备份恢复整个文件夹，且备份时节点已停止；两份备份的文件不能拼用；请勿删除现有文件"},
		en: parts{"Folder of several copies", "the {part} here is not the one of this ledger: it is of another jurisdiction, another copy or another time", "{dir}",
			"restore the whole folder from one backup, taken while the node was stopped: files of two backups do not go together; delete nothing that is there"},
	},
	{
		number: 198, code: KeysEnded, status: http.StatusServiceUnavailable, again: true, params: []string{"jurisdiction"},
		zh: parts{"签名密钥已到期", "正在使用的签名密钥已到期，签出的内容无法验证，因此没有办理", "{jurisdiction}",
			"请核对本机时钟；时钟无误的，节点会在一分钟左右自动换用新密钥，届时再试；如仍出现，请查看 xietong keys status"},
		en: parts{"Signing keys ended", "the signing keys in use have ended: what they sign could not be verified, so nothing was done", "{jurisdiction}",
			"see that this machine's clock is right; if it is, the node uses new keys by itself within a minute or so: try again then; if it happens again, see `xietong keys status`"},
	},
}
