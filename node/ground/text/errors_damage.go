package text

import (
	"net/http"
	"path/filepath"
	"strings"
)

// Problems of the files of a data directory. What a file is and how it is mended stands in
// partWords, by the part (see host.Part).
const (
	PartMissing   Code = "part-missing"
	PartDamaged   Code = "part-damaged"
	PartForbidden Code = "part-forbidden"
	PartNotFile   Code = "part-not-file"
	LogGap        Code = "log-gap"
	DiskNoStart   Code = "disk-no-start"
	DataDecayed   Code = "data-decayed"
	DataMending   Code = "data-mending"
	DataUnmended  Code = "data-unmended"
	DataUnsound   Code = "data-unsound"

	OldEntriesDamaged Code = "old-entries-damaged"
	OldEntriesMending Code = "old-entries-mending"
	OldEntriesNowhere Code = "old-entries-nowhere"
	OldEntriesAway    Code = "old-entries-away"
)

var damageProblems = []problem{
	{
		number: 425, code: PartMissing, status: http.StatusServiceUnavailable, params: []string{"file", "holds", "mend"},
		zh: parts{"数据目录缺少一个文件", "数据目录缺少一个文件，它是{holds}", "{file}", "{mend}；请勿在此目录执行 xietong init"},
		en: parts{"A file is missing from the data directory", "a file is missing from the data directory: {holds}", "{file}", "{mend}; do not run `xietong init` over it"},
	},
	{
		number: 426, code: PartDamaged, status: http.StatusServiceUnavailable, params: []string{"file", "holds", "mend"},
		zh: parts{"数据目录中的文件已损坏", "文件已损坏，或者是在节点运行时拷贝的；它是{holds}", "{file}", "请检查磁盘。{mend}；请勿在此目录执行 xietong init"},
		en: parts{"Damaged file in the data directory", "the file is damaged, or was copied while the node ran: {holds}", "{file}",
			"check the disk; {mend}; do not run `xietong init` over it"},
	},
	{
		number: 427, code: PartForbidden, status: http.StatusServiceUnavailable, params: []string{"file", "holds"},
		zh: parts{"没有权限打开文件", "当前用户无权打开文件，它是{holds}", "{file}", "请改用运行节点的用户执行；文件属主不对的，请用 chown 将整个数据目录改归该用户，文件权限为 0600，文件夹为 0700"},
		en: parts{"File not permitted", "this user may not open the file: {holds}", "{file}",
			"run this as the user who runs the node; if the files have another owner, give the whole data directory to that user with `chown -R`: files have mode 0600, folders 0700"},
	},
	{
		number: 428, code: PartNotFile, status: http.StatusServiceUnavailable, params: []string{"file", "holds", "mend"},
		zh: parts{"文件的位置上是别的东西", "此处应为文件（或者文件夹），却是另一种；应有的是{holds}", "{file}", "请移走现有的。{mend}；请勿在此目录执行 xietong init"},
		en: parts{"Not a file of the node", "a folder stands where a file must be, or a file where a folder must be; what must be there is {holds}", "{file}",
			"move away what is there; {mend}; do not run `xietong init` over it"},
	},
	{
		number: 429, code: LogGap, status: http.StatusServiceUnavailable, params: []string{"file", "mend"},
		zh: parts{"日志与数据文件不衔接", "此处的日志（wal）缺少 state.db 所需的条目：日志有文件损坏，或者两者不是同一时间的", "{file}", "请检查磁盘。{mend}；请勿在此目录执行 xietong init"},
		en: parts{"Log and data file do not meet", "entries that state.db needs are missing from the log (wal) here: a file of it is damaged, or the two are of different times", "{file}",
			"check the disk; {mend}; do not run `xietong init` over it"},
	},
	{
		number: 430, code: DiskNoStart, status: http.StatusInsufficientStorage, params: []string{"dir", "free", "needed"},
		zh: parts{"磁盘空间不足，节点未启动", "可用空间 {free}，低于节点所需的 {needed}；没有写入任何内容", "{dir}", "请清理或扩充磁盘，再执行同一命令"},
		en: parts{"Too little disk space to start", "{free} are free, and a node needs {needed}; nothing was written", "{dir}", "free or add space, then run the same command"},
	},
	{
		number: 492, code: DataDecayed, status: http.StatusServiceUnavailable, params: []string{"replica", "kept", "values", "since", "file"},
		zh: parts{"磁盘上的数据已损坏", "副本 {replica} 的数据与写入时不符或有缺失：{kept}，共 {values} 处，{since} 发现。已损坏的不会用于答复", "{file}",
			"请检查磁盘。没有其他副本可供修复：账本条目和凭证可用 xietong ledger verify 核对；记录请由提供部门重新提交。其余的，只有节点停止时所作、此后没有新增条目的整个数据目录备份可以恢复；没有这样的备份的，请保持节点运行：其余数据照常提供，停止后可能无法再启动"},
		en: parts{"Data damaged on the disk", "data of replica {replica} are not as they were written, or are missing: {kept}, in {values} [place|places], found at {since}; no answer is made of what is damaged", "{file}",
			"check the disk; no other replica is there to mend it: `xietong ledger verify` checks entries and receipts, and the provider puts records again. Anything else comes back only from a backup of the whole data directory, taken while the node was stopped and since when it made no entry; without one keep the node running, for it serves the rest, and may not start again once it is stopped"},
	},
	{
		number: 493, code: DataMending, status: http.StatusServiceUnavailable, params: []string{"replica", "kept", "values", "since", "file"},
		zh: parts{"一个副本磁盘上的数据已损坏", "副本 {replica} 的数据与写入时不符或有缺失：{kept}，共 {values} 处，{since} 发现。已损坏的不会用于答复；有其他副本可以担任主副本的，它不再担任", "{file}",
			"请检查该机器的磁盘。有其他副本在运行、并且这些数据完好的，节点自行从那里取回全部数据，每小时至多一次；在该机器上执行 xietong ledger repair 则立即取回，并说明结果。一直没有修好的，请在数据完好的副本上用 xietong replica replace 移除这个副本，再邀请一台新机器。各副本、各备份中都没有完好的，这些数据已经丢失：请保持这个副本运行，其余数据照常提供，停止后可能无法再启动；损坏的记录由提供部门重新提交，已取得的凭证仍可验证"},
		en: parts{"Data damaged on the disk of a replica", "data of replica {replica} are not as they were written, or are missing: {kept}, in {values} [place|places], found at {since}; no answer is made of what is damaged, and this replica does not lead where another can", "{file}",
			"check the disk of that machine. Where another replica runs and has these data whole, the node takes all data from it by itself, at most once an hour; `xietong ledger repair` on that machine does it at once, and says what came of it. If that does not help, take this replica out with `xietong replica replace` at one that is whole, and bring in a new machine. What no replica and no backup has whole is lost: keep this replica running, for it serves the rest, and may not start again once it is stopped; providers put damaged records again, and receipts that were fetched verify as ever"},
	},
	{
		number: 559, code: DataUnmended, status: http.StatusServiceUnavailable, params: []string{"replica", "kept", "values", "since", "reason", "file"},
		zh: parts{"副本磁盘上的数据已损坏，未能修复", "副本 {replica} 的数据与写入时不符或有缺失：{kept}，共 {values} 处，{since} 发现；最近一次从其他副本取回全部数据没有成功：{reason}", "{file}",
			"请检查该机器的磁盘。其他副本没有运行或连不上的，请启动或恢复连接；其他副本自身有损坏的（见其 xietong status），请先在那里执行 xietong ledger repair。然后在这台机器上执行 xietong ledger repair，立即再试；节点自己每小时再试一次。各副本、各备份中都没有完好的，这些数据已经丢失：请保持这个副本运行，其余数据照常提供，停止后可能无法再启动；损坏的记录由提供部门重新提交，已取得的凭证仍可验证"},
		en: parts{"Damaged data of a replica could not be mended", "data of replica {replica} are not as they were written, or are missing: {kept}, in {values} [place|places], found at {since}; the last try to take all data from another replica failed: {reason}", "{file}",
			"check the disk of that machine; start the other replicas, and mend the connection to them; where another one is damaged itself, as its `xietong status` says, run `xietong ledger repair` there first; then run `xietong ledger repair` on this machine, which tries again at once. The node tries again each hour by itself. What no replica and no backup has whole is lost: keep this replica running, for it serves the rest, and may not start again once it is stopped; providers put damaged records again, and receipts that were fetched verify as ever"},
	},
	{
		number: 494, code: DataUnsound, status: http.StatusServiceUnavailable, params: []string{"file", "kept", "values", "mend"},
		zh: parts{"数据与写入时不符", "数据文件中有内容与写入时不符或有缺失：{kept}，共 {values} 处。不能据此作出任何决定", "{file}",
			"请检查磁盘。{mend}；请勿在此目录执行 xietong init"},
		en: parts{"Data are not as they were written", "data in the file are not as they were written, or are missing: {kept}, in {values} [place|places]; nothing may be decided by them", "{file}",
			"check the disk; {mend}; do not run `xietong init` over it"},
	},
	{
		number: 558, code: OldEntriesDamaged, status: http.StatusServiceUnavailable, params: []string{"files", "count", "dir"},
		zh: parts{"旧条目的文件缺失或已损坏", "账本中旧条目的文件缺失，或与写入时不符，共 {count} 个：{files}；其中的条目无法读取，也无法出具凭证", "{dir}",
			"请检查磁盘。停止节点，从本账本的任何一份备份（较早的也可以，有其他副本的，也可以是它的这一文件夹）把同名文件复制到这里，再启动节点：这样的文件写成后从不改变，各份备份中的都一样；不要为此恢复整个目录。复制之后，可以用 xietong ledger verify --data DIR 核对，DIR 是节点的数据目录"},
		en: parts{"Files of old entries missing or damaged", "files of old entries of the ledger are missing, or are not as they were written, {count} in all: {files}; the entries in them cannot be read, and no receipt of them can be made", "{dir}",
			"check the disk; stop the node, copy the files of these names here from any backup of this ledger, also an older one, or from this folder of another replica, and start the node: such a file never changes once it is written, so it is the same in each; do not restore the whole directory for it; " +
				"`xietong ledger verify --data DIR`, with the data directory of the node, then says whether all is well"},
	},
	{
		number: 561, code: OldEntriesMending, status: http.StatusServiceUnavailable, params: []string{"replica", "files", "count", "since", "dir"},
		zh: parts{"旧条目的文件缺失或已损坏，由其他副本补齐", "副本 {replica} 上，账本中旧条目的文件缺失，或与写入时不符，共 {count} 个：{files}，{since} 发现；其中的条目在此副本上暂时无法读取，其余一切照常，其他副本照常提供这些条目", "{dir}",
			"节点自行从其他副本取回缺损的部分，通常在一分钟之内，取回后本提示消失；请检查该机器的磁盘。一直不消失的，原因见该节点的日志"},
		en: parts{"Files of old entries damaged, mended from the others", "files of old entries of the ledger are missing, or are not as they were written, on replica {replica}: {count} in all, {files}, found at {since}; the entries in them cannot be read there for now, all else goes on, and the other replicas give them", "{dir}",
			"the node takes what is missing from the other replicas by itself, as a rule within a minute, and this is told no more then; check the disk of that machine; where it is told for longer, the log of that node says why"},
	},
	{
		number: 562, code: OldEntriesNowhere, status: http.StatusServiceUnavailable, params: []string{"replicas", "entries", "files", "count", "dir"},
		zh: parts{"旧条目在各副本上都已缺损", "账本的条目 {entries} 在所有副本（{replicas}）上都缺失，或与写入时不符，涉及 {count} 个文件：{files}；这些条目无法读取，也无法出具凭证。其余一切照常，由这些条目生效的事项仍然有效", "{dir}",
			"请检查各机器的磁盘。从本账本的任何一份备份（任何副本的、较早的都可以）把同名文件复制到任一副本的这一文件夹：该节点在十分钟之内（重新启动则立即）读取，其他副本随后从它取得。没有备份的，这些条目无法重新生成：已出具的凭证和以前导出的账本（xietong ledger export）仍能证明它们，请妥善保存；有上级的，上级存有要素"},
		en: parts{"Old entries are whole on no replica", "the entries {entries} of the ledger are missing, or are not as they were written, on every replica ({replicas}), in {count} [file|files]: {files}; they cannot be read, and no receipt of them can be made; all else goes on, and what they brought about holds", "{dir}",
			"check the disks; copy the files of these names into this folder of any one replica, from any backup of this ledger, of any replica and also an older one: that node reads them within ten minutes, or as soon as it is started again, and the others take them from there; where there is no backup nothing makes these entries anew: " +
				"receipts that were given and exports that were made before (`xietong ledger export`) still prove them, so keep those, and a parent, where there is one, has their heads"},
	},
	{
		number: 563, code: OldEntriesAway, status: http.StatusServiceUnavailable, params: []string{"replicas", "entries", "files", "count", "away", "dir"},
		zh: parts{"旧条目已缺损，等待另一副本", "账本的条目 {entries} 在应答的副本（{replicas}）上都缺失，或与写入时不符，涉及 {count} 个文件：{files}；{away} 没有应答。这些条目暂时无法读取，其余一切照常", "{dir}",
			"请启动 {away}，或恢复与它的连接：它有这些条目的，本节点在十分钟之内自行取得。请检查本机器的磁盘。{away} 不再回来的，从本账本的任何一份备份（较早的也可以）把同名文件复制到这一文件夹"},
		en: parts{"Old entries damaged, another replica is waited for", "the entries {entries} of the ledger are missing, or are not as they were written, on every replica that answers ({replicas}), in {count} [file|files]: {files}; {away} does not answer; these entries cannot be read for now, and all else goes on", "{dir}",
			"start {away}, or mend the connection to it: where it has these entries, this node takes them by itself within ten minutes; check the disk of this machine; if {away} does not come back, copy the files of these names into this folder from any backup of this ledger, also an older one"},
	},
}

// maxFileNames is how many files are named to a person.
const maxFileNames = 12

// FileNames returns the names of files, of as many as a person reads.
func FileNames(paths []string) string {
	var names []string
	for _, path := range paths[:min(len(paths), maxFileNames)] {
		names = append(names, filepath.Base(path))
	}
	if len(paths) > maxFileNames {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// keptWords says what a bucket of the state holds, in words.
var keptWords = map[string]word{
	"leaf": {"账本条目", "entries of the ledger"}, "sealed": {"条目的加密内容", "encrypted contents of entries"}, "tile": {"账本的校验树", "the tree of the ledger"},
	"records": {"数据记录", "records"}, "indexed": {"记录的索引", "indexes of records"}, "seen": {"已办请求的编号", "requests that were served"},
	"grants": {"共享权限", "grants"}, "agencies": {"部门", "agencies"}, "catalogue": {"数据目录", "the catalogue"}, "children": {"下级及其背书", "lower levels and their endorsements"},
	"keysets": {"密钥", "key sets"}, "sums": {"校验和", "the sums by which decay is found"},
}

// keptTold tells what a bucket holds and, of entries, which is the first: "leaf 4711".
func keptTold(l Lang, value string) string {
	bucket, entry, ofEntry := strings.Cut(value, " ")
	w, known := keptWords[bucket]
	if !known {
		w = word{"其他数据（" + bucket + "）", "other data (" + bucket + ")"}
	}
	if ofEntry {
		return w.in(l) + l.pick("（第一处是条目 "+entry+"）", " (the first is entry "+entry+")")
	}
	return w.in(l)
}

// partWord says what a part of a data directory is, and where it is found again.
type partWord struct{ holds, mend word }

var partWords = map[string]partWord{
	"keystore": {
		word{"本账本的密钥库，没有它读不出任何记录", "it is the keystore of this ledger, without which no record can be read"},
		word{"请从本节点的备份恢复这个文件，它从不改变，任何一份备份的都可以；没有备份的，记录无法读出，账本和凭证仍可验证",
			"restore this file from a backup of this node, of any time, because it never changes; if there is none, the records cannot be read any more, and ledger and receipts can still be verified"},
	},
	"ledger": {
		word{"账本和数据的一部分", "it is a part of the ledger and its data"},
		word{"本级有其他副本的，请在那里用 xietong replica replace 移除这个副本，再在空目录中重新加入；没有的，请用最新的一份备份（节点停止时所作）恢复该行政区划的整个文件夹（j 之下，内有 state.db、wal、files、certs、keystore），两份备份的文件不能拼用；启动后 xietong status 显示 copy-behind 的，备份之后还有过条目：执行 xietong ledger continue --reason TEXT，账本以新的纪元继续，并写明失去了哪些条目。没有任何备份的，凭上级的邀请重新加入，账本从头开始；换下的文件夹请保留",
			"where the jurisdiction has other replicas, take this one out there with `xietong replica replace`, and join anew in an empty directory; where it has none, restore the whole folder of the jurisdiction (under j, with state.db, wal, files, certs and keystore) from the newest backup, taken while the node was stopped; files of two backups do not go together. Where `xietong status` says `copy-behind` after the start, there were entries since: run `xietong ledger continue --reason TEXT`, and the ledger goes on in a new epoch and names what is lost. Without any backup join anew with an invitation of the parent, with an empty ledger; keep the folder that you take away"},
	},
	"keys": {
		word{"本行政区划的密钥或证书", "it is a key or certificate of this jurisdiction"},
		word{"本级有其他副本的，请在那里用 xietong replica replace 移除这个副本，再在空目录中重新加入；没有的，请从最近一次更换密钥之后的备份恢复整个 certs 文件夹；没有这样的备份的，请上级用 xietong invite NAME --rekey 邀请，在另一个空目录执行 xietong join TOKEN --recovery，凭恢复密钥的纸重新加入（根没有上级，只能从备份恢复）；现有目录请保留",
			"where the jurisdiction has other replicas, take this one out there with `xietong replica replace`, and join anew in an empty directory; where it has none, restore the whole folder certs from a backup taken since the keys last changed; if there is none, have the parent run `xietong invite NAME --rekey`, and join again in another, empty directory with the paper, `xietong join TOKEN --recovery` (a root has no parent, and only its backup); keep this directory"},
	},
	"chain": {
		word{"上级给出的密钥和背书", "it has the keys and endorsements that the parent gave"},
		word{"请从备份恢复这个文件；没有备份的，请移走这个文件，请上级用 xietong invite NAME --rekey 重新邀请，然后在本数据目录执行 xietong join，密钥和数据都会保留",
			"restore this file from a backup; if there is none, move it away, have the parent run `xietong invite NAME --rekey`, and run `xietong join` in this data directory: keys and data stay"},
	},
	"recovery": {
		word{"凭恢复密钥的纸重新加入时签署的声明", "it is the statement that was signed when this jurisdiction came back with its paper"},
		word{"请从重新加入之后的备份恢复这个文件", "restore this file from a backup taken since then"},
	},
	"format": {
		word{"数据目录的格式版本，只有一个数字", "it has the version of the directory's layout, one number"},
		word{"请从本节点的备份恢复这个文件；节点尚未建成、新建或加入时中断的，请重新执行当时的同一命令", "restore this file from a backup of this node; if the node was only being made, and that was interrupted, repeat the very command that made it"},
	},
	"config": {
		word{"本节点的配置，列有它承载的行政区划", "it is the configuration of this node, with the jurisdictions that it hosts"},
		word{"请从本节点的备份恢复这个文件", "restore this file from a backup of this node"},
	},
	"lock": {
		word{"节点自己建立的空文件，用来标明目录已被占用", "it is an empty file that the node makes, to show that it uses the directory"},
		word{"节点会自己重新建立", "the node makes it anew by itself"},
	},
}
