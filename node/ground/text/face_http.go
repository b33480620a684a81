package text

import "strings"

// machineCommands are the commands that are given at the machine of a node, with its data
// directory.
var machineCommands = []string{"init", "join", "replica join", "serve", "ledger verify", "config check"}

// httpWords are the words of a terminal, with what they are in HTTP.
var httpWords = strings.NewReplacer(
	"重新执行同一命令", "重新提交同一请求", "再执行同一命令", "再提交同一请求", "重复同一命令", "重新提交同一请求", "重复本命令", "重新提交本请求", "执行本命令", "提交本请求",
	"repeat the same command", "send the same request again", "repeat the command", "send the request again", "the same command", "the same request",
	"run the command again", "send the request again", "选项", "参数", "the option", "the parameters",
)

// httpMembers are the flags whose member or header has another name.
var httpMembers = map[string]string{"in": "Xietong-Jurisdiction", "as": "Xietong-Agency", "count": "measure", "all": "cursor"}

// httpOperations are the operations that commands stand for.
var httpOperations = map[string]string{
	"status": "GET /v1/status", "stop": "POST /v1/stop", "tree": "GET /v1/tree", "tree confirm": "POST /v1/waiting/{name}/confirmation", "tree object": "POST /v1/objections",
	"tree acknowledge": "POST /v1/forks/{name}/acknowledgment",
	"invite":           "POST /v1/invitations", "withdraw": "POST /v1/children/{child}/withdrawal", "host add": "POST /v1/hosted", "host end": "POST /v1/hosting/end",
	"invite cancel": "POST /v1/invitations/{child}/cancellation",
	"replica list":  "GET /v1/replicas", "replica invite": "POST /v1/replicas/invitations", "replica promote": "POST /v1/replicas/{replica}/promotion",
	"replica remove": "POST /v1/replicas/{replica}/removal", "replica replace": "POST /v1/replicas/{replica}/removal + POST /v1/replicas/invitations",
	"agency add": "POST /v1/agencies", "agency list": "GET /v1/agencies",
	"agency rename": "POST /v1/agencies/{code}/title", "agency end": "POST /v1/agencies/{code}/end",
	"dataset standard publish": "POST /v1/standards", "dataset adopt": "POST /v1/datasets (standard)",
	"dataset withdraw": "POST /v1/datasets/{code}/withdrawal", "dataset move": "POST /v1/moves",
	"dataset standard withdraw": "POST /v1/standards/{code}/withdrawal", "grant allow": "POST /v1/grants/{index}/allowance",
	"dataset list": "GET /v1/datasets", "dataset show": "GET /v1/datasets/{code}", "dataset publish": "POST /v1/datasets",
	"dataset standard list": "GET /v1/standards", "dataset standard show": "GET /v1/standards/{code}",
	"record put": "POST /v1/datasets/{code}/records", "record import": "POST /v1/datasets/{code}/imports",
	"record retract": "POST /v1/datasets/{code}/retractions", "record history": "POST /v1/datasets/{code}/history",
	"record export": "POST /v1/query",
	"query":         "POST /v1/query", "grant list": "GET /v1/grants", "grant give": "POST /v1/grants",
	"grant renew": "POST /v1/grants/{index}/renewal", "grant revoke": "POST /v1/grants/{index}/revocation",
	"question list": "GET /v1/questions", "question save": "POST /v1/questions", "question remove": "POST /v1/questions/removal",
	"question run": "POST /v1/questions/run", "roster list": "GET /v1/roster", "roster publish": "POST /v1/roster",
	"clock show": "GET /v1/clock", "clock accept": "POST /v1/clock",
	"keys status": "GET /v1/keys", "keys renew": "POST /v1/keys", "keys revoke": "POST /v1/keys (revoke)", "keys acknowledge": "POST /v1/keys/acknowledgment",
	"ledger audits": "GET /v1/audits", "ledger entry": "GET /v1/entry", "ledger receipt": "GET /v1/receipt", "ledger list": "GET /v1/ledger/entries", "ledger repair": "POST /v1/ledger/repair", "ledger continue": "POST /v1/ledger/continuation", "ledger checkpoint": "GET /v1/ledger/checkpoint",
}

// httpRemedies are what to do, for a reader who speaks HTTP, where the sentence of the table does
// not fit: it is of the command line alone, or it names what is done at the machine of the node.
var httpRemedies = map[Code]struct{ zh, en string }{
	NotAsDescribed: {"请对照 GET /openapi.json 修改后重新提交", "correct it by `GET /openapi.json` and send it again"},
	OutcomeUnknown: {"请以同一 Idempotency-Key 重试；或者先用 GET /v1/ready 查看节点状态，再查明是否已经办理，然后才决定是否重做",
		"send it again under the same Idempotency-Key; or see with `GET /v1/ready` how the node is, and then whether it was done, before you repeat it"},
	NotReady:   {"请稍后重试；可用 GET /v1/ready 查看节点状态", "try again shortly; `GET /v1/ready` tells how the node is"},
	NoAgency:   {"请先登记部门：POST /v1/agencies", "add one first: `POST /v1/agencies`"},
	NoStandard: {"请用 GET /v1/standards?above=true 查看各上级已定的标准目录", "`GET /v1/standards?above=true` lists what those above have set"},
	FilterTooCostly: {"请分页统计（带上应答中的 cursor 再次请求），或先用已建索引的数据项缩小范围，或按目录所列分组项统计条数",
		"let it go on in pages (ask again with the `cursor` of the answer), narrow the search by an indexed field first, or count by the fields that the catalogue entry groups by"},
	MeasureTooWide: {"请按取值较少的数据项分组，或缩小范围，或用 page_seconds 延长每页的时间",
		"group by a field with fewer values, narrow the search, or give each page more time with `page_seconds`"},
	BasisNeeded: {"请一次补全后重新提交（《政务数据共享条例》第二十条、第二十一条）",
		"give all of it and send the request again (Regulation on Government Data Sharing, articles 20 and 21)"},
	RowsRejected: {"请改正不合格的行后重试；如只导入合格的行，请在导入时给出 keep_good=true",
		"correct the bad rows, or import only the good ones with `keep_good=true`"},
	QuestionTaken: {"请另取名称；确要代替的，请在请求中给出 replaces，写明该条目", "choose another name; or give that entry as `replaces`, to put the new one in its place"},
	ReplaceNotGood: {"请改正不合格的行后重试；如只导入合格的行，请给出 keep_good=true，不用 replace",
		"correct the bad rows; or, to import only the good ones, give `keep_good=true` without `replace`"},
	ColumnsMissing: {"请补上这些列；或给出 missing=keep（记录的这些数据项保持现值，新记录则没有）或 missing=clear（清空这些数据项）；检查和导入时都要给出，用 keep 的，导入时还须以参数 plan 带上检查结果中的 plan",
		"add the columns; or say `missing=keep` (records keep their present values of these fields, new ones have none) or `missing=clear` (no record has them), at the check and at the load; with keep the load needs the plan of that check too, as the parameter `plan`"},
	PlanNeeded: {"请先检查该文件（POST /v1/datasets/{dataset}/imports/check），确认其影响，再把检查结果中的 plan 作为参数 plan 导入",
		"check the file with `POST /v1/datasets/{dataset}/imports/check`, see what it would change, and send the plan of that check as the parameter `plan`"},
	RecordsUnfit: {"请先修正这些记录或数据规范；如确需发布，请给出参数 leave_out=true：这些记录将不进入任何结果，并在每次结果中说明条数",
		"mend the records or the schema first; or leave them out with the parameter `leave_out=true`: they are then in no answer, and every answer tells how many they are"},
	EndPlanNeeded: {"请先以 GET 请求同一路径，再把所得 hash 作为 plan 一并提交", "ask the same path with GET first, and send the `hash` that it gives as `plan`"},
	EntryPlanNeeded: {"请先请求 POST /v1/datasets/plan，再把所得 hash 作为参数 plan 一并提交",
		"ask `POST /v1/datasets/plan` first, and send the hash that it gives as the parameter `plan`"},
	QuestionMeasure: {"请加上 measure；要看记录的，请用 POST /v1/federated-rows，或者只向一个行政区划保存",
		"add `measure`; to see records use `POST /v1/federated-rows`, or save a question for one jurisdiction"},
	NoHeads: {"请用 GET /v1/tree 查看{name}在何处。是由其他节点运行的下级的，它及其以上各级加入、连通并得到见证后几分钟内报来；在此之前其数据已经丢失的，没有任何一方留有要素。由本节点承载的，请在请求头 Xietong-Jurisdiction 中写明{name}，用 GET /v1/ledger/entries 查看其账本本身。不是下级的，要素不会报到本级，请向{name}的节点请求",
		"see with `GET /v1/tree` where {name} is. Below, on another node: heads come up within minutes once it and all between have joined, are linked and are witnessed; if its data were lost before that, nobody keeps any. Hosted by this node: `GET /v1/ledger/entries` with the header `Xietong-Jurisdiction: {name}` lists the ledger itself. Not below: its heads never come here; ask the node of {name}"},
	DataDecayed: {"请检查磁盘。没有其他副本可供修复：账本条目和凭证可在节点所在机器上核对；记录请由提供部门重新提交。其余的，只有节点停止时所作、此后没有新增条目的整个数据目录备份可以恢复；没有这样的备份的，请保持节点运行：其余数据照常提供，停止后可能无法再启动",
		"check the disk; no other replica is there to mend it: entries and receipts can be verified on the node's machine, and the provider puts records again. Anything else comes back only from a backup of the whole data directory, taken while the node was stopped and since when it made no entry; without one keep the node running, for it serves the rest, and may not start again once it is stopped"},
	DataMending: {"请检查该机器的磁盘。有其他副本在运行、并且这些数据完好的，节点自行从那里取回全部数据，每小时至多一次；一直没有修好的，请向数据完好的副本请求 POST /v1/replicas/{replica}/removal 移除这个副本，再用 POST /v1/replicas/invitations 邀请一台新机器。各副本、各备份中都没有完好的，这些数据已经丢失：请保持这个副本运行，其余数据照常提供，停止后可能无法再启动；损坏的记录由提供部门重新提交",
		"check the disk of that machine. Where another replica runs and has these data whole, the node takes all data from it by itself, at most once an hour; if that does not help, take this replica out with `POST /v1/replicas/{replica}/removal` at one that is whole, and invite a new one with `POST /v1/replicas/invitations`. What no replica and no backup has whole is lost: keep this replica running, for it serves the rest, and may not start again once it is stopped; providers put damaged records again"},
	DataUnsound: {"请检查磁盘。本级有其他副本的，请移除这个副本，再用 POST /v1/replicas/invitations 重新邀请；没有的，{mend}",
		"check the disk; where there are other replicas, take this one out and invite it anew with `POST /v1/replicas/invitations`; else {mend}"},
	OldEntriesNowhere: {"请检查各机器的磁盘。从本账本的任何一份备份（任何副本的、较早的都可以）把同名文件复制到任一副本的这一文件夹：该节点在十分钟之内（重新启动则立即）读取，其他副本随后从它取得。没有备份的，这些条目无法重新生成：已出具的凭证和以前导出的账本仍能证明它们，请妥善保存；有上级的，上级存有要素",
		"check the disks; copy the files of these names into this folder of any one replica, from any backup of this ledger, of any replica and also an older one: that node reads them within ten minutes, or as soon as it is started again, and the others take them from there; where there is no backup nothing makes these entries anew: " +
			"receipts that were given and exports of the ledger that were made before still prove them, so keep those, and a parent, where there is one, has their heads"},
	QuestionDamaged: {"请用 POST /v1/questions 以原名重新保存，或者用 POST /v1/questions/removal 删除；管理员应在节点所在机器上检查数据目录",
		"save it again under its name with `POST /v1/questions`, or remove it with `POST /v1/questions/removal`; the administrator should check the data directory at the node's machine"},
	SelectorMalformed: {"下一级写作 *.{below}，全部下级写作 **.{below}；只问一个行政区划的，用 POST /v1/query",
		"write `*.{below}` for those directly below, `**.{below}` for all below; ask one jurisdiction with `POST /v1/query`"},
	OneJurisdiction: {"请写一个行政区划的名称或代码；对多个行政区划，统计用 POST /v1/federated-query，取记录用 POST /v1/federated-rows",
		"write the name or code of one; of several, ask totals with `POST /v1/federated-query` and records with `POST /v1/federated-rows`"},
	NotHosted: {"请用 Xietong-Jurisdiction 指明本节点承载的：{jurisdictions}；或者向另一节点的套接字请求",
		"name with `Xietong-Jurisdiction` one that it hosts: {jurisdictions}; or ask at the socket of another node"},
	RosterInvalid: {"请对照名录的格式（GET /v1/roster 列出各项）改正：上级在前，代码和名称各不重复，名称一经使用不得改动",
		"mend it after the form of a roster, whose columns `GET /v1/roster` lists: parents first, no code or name twice, and no code of another place than before"},
	RosterDamaged: {"请把发布这一版的文件再发布一次（POST /v1/roster）：损坏的部分随即补上，不产生新版。文件不在的，可从任一下级的 GET /v1/roster 取得各行。并请检查磁盘",
		"publish the file of that number once more with `POST /v1/roster`: what is damaged is stored again, and no new number is made. Where the file is gone, `GET /v1/roster` at any place below has its lines. And check the disk"},
	KeysPending: {"请用 GET /v1/keys 查看；与上级的连接恢复后会自动启用，然后再提交本请求；密钥泄露时请用 POST /v1/keys（revoke），立即生效",
		"see `GET /v1/keys`; it comes into use by itself once the parent is linked, then repeat the request; if a key was stolen, `POST /v1/keys (revoke)` works at once"},
	KeysBelievedOther: {"请立即电话联系{name}，核对双方的指纹（GET /v1/keys 还给出对方签名的答复作为证据）；确属不同的，在查明之前不要传送敏感数据，并由上级查明后执行 POST /v1/invitations（rekey）；处理后执行 POST /v1/keys/acknowledgment",
		"call {name} by telephone at once and compare the fingerprints (`GET /v1/keys` gives the signed answer as evidence too); if they differ, send nothing confidential until it is explained, and have the parent find out and use `POST /v1/invitations (rekey)`; then use `POST /v1/keys/acknowledgment`"},
	KeysObjected: {"请致电{name}核对指纹：一致的，由{name}持恢复密钥重新加入，或由其上级的上级执行 POST /v1/waiting/{name}/confirmation；不一致的，可能有人冒用其名义，请报告其上级的上级",
		"telephone {name} and compare the fingerprint: if it is the same, have {name} join again with its recovery key, or the level two above it use `POST /v1/waiting/{name}/confirmation`; if not, somebody speaks in its name: tell that level"},
	ReplicaLast: {"请先使另一个副本有表决权；各副本见 GET /v1/replicas", "give another one a vote first; `GET /v1/replicas` lists them"},
	NotRunning:  {"请在节点的机器上启动节点", "start the node at its machine"},
	SheetFull:   {"请改用 CSV，或者用 where、filter 分次查询", "use CSV, or ask for parts with `where` or `filter`"},
	CellTooLong: {"请改用 CSV 或 JSON Lines，或者用 fields 略去该项", "use CSV or JSON Lines, or leave the field out with `fields`"},
	NotWitnessed: {"等连上由其他节点运行的上级或下级，几分钟后重试；只需本级签署的，不用参数 witnessed",
		"wait for the link to the parent or to a child on another node, and try again some minutes later; without `witnessed` it is the newest checkpoint that this jurisdiction signed"},
	CellControl:  {"请改用 CSV 或 JSON Lines，并请数据提供方更正该记录", "use CSV or JSON Lines, and have the provider correct the record"},
	AlongNotGood: {"请改正不合格的行后重新提交，不用参数 keep_good", "correct the bad rows and send it again, without the parameter `keep_good`"},
	RecoveryOther: {"请核对纸上的名称和指纹，换用正确的纸；没有的话不用恢复密钥再加入，其他地方 72 小时后采信",
		"compare the name and the fingerprint on the paper, and take the right one; or join without it, and others believe the new keys in 72 hours"},
}
