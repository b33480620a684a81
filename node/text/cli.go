package text

// What the command line says when all is well. Help texts are Short…, results the rest.
const (
	CLIShort        Code = "cli.short"
	CLIShortInit    Code = "cli.short.init"
	CLIShortServe   Code = "cli.short.serve"
	CLIShortStatus  Code = "cli.short.status"
	CLIShortAgency  Code = "cli.short.agency"
	CLIShortDataset Code = "cli.short.dataset"
	CLIShortRecord  Code = "cli.short.record"
	CLIShortImport  Code = "cli.short.import"
	CLIShortQuery   Code = "cli.short.query"
	CLIShortGrant   Code = "cli.short.grant"
	CLIShortLedger  Code = "cli.short.ledger"
	CLIShortDemo    Code = "cli.short.demo"

	CLIInitDone        Code = "cli.init.done"
	CLIInitPin         Code = "cli.init.pin"
	CLIAgencyAdded     Code = "cli.agency.added"
	CLIDatasetDone     Code = "cli.dataset.published"
	CLIRecordPut       Code = "cli.record.put"
	CLIRecordReplaced  Code = "cli.record.replaced"
	CLIRecordRetracted Code = "cli.record.retracted"
	CLIImportChecked   Code = "cli.import.checked"
	CLIImportBadRow    Code = "cli.import.bad-row"
	CLIImportProgress  Code = "cli.import.progress"
	CLIImportDone      Code = "cli.import.done"
	CLIQueryRows       Code = "cli.query.rows"
	CLIQueryMore       Code = "cli.query.more"
	CLIQueryGranted    Code = "cli.query.granted"
	CLIVerifyYes       Code = "cli.verify.yes"
	CLIVerifyNo        Code = "cli.verify.no"
	CLIVerifyNone      Code = "cli.verify.none"
	CLIGrantRevoked    Code = "cli.grant.revoked"
	CLIReceiptSaved    Code = "cli.receipt.saved"
	CLIReceiptTrue     Code = "cli.receipt.true"
	CLIDataTrue        Code = "cli.data.true"
	CLIDataFalse       Code = "cli.data.false"
	CLINothing         Code = "cli.nothing"
	CLIWhere           Code = "cli.where"
	CLIDo              Code = "cli.do"
)

var cliSentences = []sentence{
	{CLIShort, "政务数据跨层级共享与协同办事", "Government data shared and cases handled across levels"},
	{CLIShortInit, "新建节点", "Make a node"},
	{CLIShortServe, "启动节点", "Run the node"},
	{CLIShortStatus, "查看节点状态", "Show how the node is"},
	{CLIShortAgency, "登记和查看部门", "Add and list agencies"},
	{CLIShortDataset, "发布和查看目录", "Publish to the catalogue and read it"},
	{CLIShortRecord, "写入、撤下和追溯记录", "Put, retract and trace records"},
	{CLIShortImport, "检查并导入 CSV 或 JSON 文件", "Check and import a CSV or JSON file"},
	{CLIShortQuery, "查询数据", "Query data"},
	{CLIShortGrant, "查看和撤销共享权限", "List and revoke grants"},
	{CLIShortLedger, "查看存证账本", "Read the ledger"},
	{CLIShortDemo, "在本机用真实数据演示", "Show the main job on this machine, on real data"},

	{CLIInitDone, "已新建节点 {name}，数据目录 {dir}", "made node {name} in {dir}"},
	{CLIInitPin, "起点标识（请妥善记录，验证存证凭证时使用）：{pin}", "pin (write it down; receipts are verified with it): {pin}"},
	{CLIAgencyAdded, "已登记部门：{title}（{agency}），存证条目 {entry}", "added agency {title} ({agency}), entry {entry}"},
	{CLIDatasetDone, "已发布目录：{title}（{dataset}），第 {version} 版，存证条目 {entry}",
		"published {title} ({dataset}), version {version}, entry {entry}"},
	{CLIRecordPut, "已写入记录，存证条目 {entry}", "put the record, entry {entry}"},
	{CLIRecordReplaced, "已更新记录，存证条目 {entry}", "replaced the record, entry {entry}"},
	{CLIRecordRetracted, "已撤下记录，存证条目 {entry}", "retracted the record, entry {entry}"},
	{CLIImportChecked, "共 {rows} 行，合格 {good} 行，不合格 {bad} 行", "{rows} rows: {good} good, {bad} bad"},
	{CLIImportBadRow, "数据第 {row} 行，“{column}”列：{reason}", "data row {row}, column {column}: {reason}"},
	{CLIImportProgress, "已导入 {done}/{total} 行", "imported {done} of {total} rows"},
	{CLIImportDone, "导入完成：{rows} 行，跳过 {skipped} 行，存证条目 {entry}",
		"import published: {rows} rows, {skipped} skipped, entry {entry}"},
	{CLIQueryRows, "查得 {count} 条，使用记录见存证条目 {access}", "rows: {count}; the access is entry {access}"},
	{CLIQueryMore, "尚有后续记录，续查请加 --cursor {cursor}", "there are more: add --cursor {cursor}"},
	{CLIQueryGranted, "已按规则取得共享权限 {grant}，有效期至 {until}", "granted by rule: {grant}, until {until}"},
	{CLIVerifyYes, "相符", "yes"},
	{CLIVerifyNo, "不符", "no"},
	{CLIVerifyNone, "没有该记录", "no such record"},
	{CLIGrantRevoked, "已撤销共享权限 {grant}，存证条目 {entry}", "revoked grant {grant}, entry {entry}"},
	{CLIReceiptSaved, "存证凭证已保存到 {file}", "saved the receipt to {file}"},
	{CLIReceiptTrue, "验证通过：条目 {entry} 在树大小为 {size} 的检查点之内，签名链自 {pin} 起",
		"verified: entry {entry} is under a checkpoint of size {size}, signed from {pin} down"},
	{CLIDataTrue, "验证通过：{name} 的 {entries} 个条目与检查点一致，根 {root}",
		"verified: the {entries} entries of {name} agree with the checkpoint, root {root}"},
	{CLIDataFalse, "验证未通过：{name} 自 {first} 起与检查点不一致", "refused: {name} disagrees with the checkpoint from {first} on"},
	{CLINothing, "（无）", "(none)"},
	{CLIWhere, "位置：{where}", "where: {where}"},
	{CLIDo, "办法：{do}", "what to do: {do}"},
}
