package text

import "net/http"

// Problems of files that are imported.
const (
	RecordsMoved   Code = "records-moved"
	ReplaceNotGood Code = "replace-not-good"
	PlanNeeded     Code = "plan-needed"
	NoRows         Code = "no-rows"
	ColumnsMissing Code = "columns-missing"
	AlongNotGood   Code = "along-not-good"
	NotAlong       Code = "not-along"
	EntryInForce   Code = "entry-in-force"
	RowsNotGood    Code = "rows-not-good"
	TemporaryHere  Code = "temporary-here"
	RowsNone       Code = "rows-none"
	EntryByFile    Code = "entry-by-file"
	EntryFileFault Code = "entry-file-invalid"
)

var importProblems = []problem{
	{
		number: 260, code: RecordsMoved, status: http.StatusConflict, again: true, params: []string{"dataset"},
		zh: parts{"记录已有变动", "检查之后，记录又有变动：检查时算出的影响已不准确，未发布任何内容", "数据资源 {dataset}",
			"请重新执行同一命令：将重新检查并显示影响"},
		en: parts{"Records have changed", "the records have changed since the file was checked, so what it would change is not what was shown; nothing was published",
			"dataset {dataset}", "repeat the command: it checks again, and shows what would change"},
	},
	{
		number: 261, code: ReplaceNotGood, status: http.StatusUnprocessableEntity, params: []string{"bad", "rows", "dataset"},
		zh: parts{"整体替换要求全部合格", "共 {rows} 行，其中 {bad} 行不合格：整体替换会把这些行的现有记录也撤下，未导入", "数据资源 {dataset}",
			"请改正不合格的行后重试；如只导入合格的行，请不用 --replace，只用 --keep-good"},
		en: parts{"A replacement must be good throughout", "{bad} of {rows} [row|rows] [is|are:bad] bad: the present records of those rows would be taken out too; nothing was imported",
			"dataset {dataset}", "correct the bad rows; or, to import only the good ones, use --keep-good without --replace"},
	},
	{
		number: 262, code: PlanNeeded, status: http.StatusBadRequest, params: []string{"dataset"},
		zh: parts{"未确认导入的影响", "整体替换、保留现值或随新目录发布的文件，须带上检查给出的影响标识（plan），且文件、参数与检查时一致", "数据资源 {dataset}",
			"请先检查该文件，确认其影响，再带上检查结果中的 plan 导入"},
		en: parts{"The plan was not confirmed", "a file that replaces all records, keeps values of them or comes with an entry needs the plan that its check gave, for the same file and options",
			"dataset {dataset}", "check the file, see what it would change, and send the plan of that check"},
	},
	{
		number: 263, code: NoRows, status: http.StatusUnprocessableEntity, params: []string{"dataset"},
		zh: parts{"文件中没有数据行", "文件中只有表头，没有一行数据，未导入", "数据资源 {dataset}", "请核对是否给错了文件或工作表；撤下记录请用 xietong record retract"},
		en: parts{"No rows", "the file has a header and no row of data; nothing was imported", "dataset {dataset}",
			"check whether it is the right file, or sheet; to take records out, use `xietong record retract`"},
	},
	{
		number: 264, code: ColumnsMissing, status: http.StatusUnprocessableEntity, params: []string{"dataset", "fields"},
		zh: parts{"文件缺列", "文件中没有这些数据项的列：{fields}", "数据资源 {dataset}",
			"请补上这些列；或加 --missing keep（记录的这些数据项保持现值，新记录则没有）或 --missing clear（清空这些数据项）"},
		en: parts{"Columns are missing", "the file has no column for these fields: {fields}", "dataset {dataset}",
			"add the columns; or say --missing keep (records keep their present values of these fields, new ones have none) or --missing clear (no record has them)"},
	},
	{
		number: 313, code: AlongNotGood, status: http.StatusUnprocessableEntity, params: []string{"bad", "rows", "dataset"},
		zh: parts{"随新目录发布的记录须全部合格", "共 {rows} 行，其中 {bad} 行不合格；与新目录一并发布的文件不能只导入合格的行，目录和记录均未发布", "数据资源 {dataset}",
			"请改正不合格的行后重新执行同一命令"},
		en: parts{"Rows that come with an entry must all be good", "{bad} of {rows} [row|rows] [is|are:bad] bad; a file that is published with a new entry cannot bring its good rows alone; neither entry nor records were published",
			"dataset {dataset}", "correct the bad rows, and repeat the command"},
	},
	{
		number: 314, code: NotAlong, status: http.StatusConflict, again: true, params: []string{"import", "dataset"},
		zh: parts{"导入与新目录不配套", "导入 {import} 不是为这一版目录准备的，或者尚未全部写入、已作废、已发布；目录和记录均未发布", "数据资源 {dataset}",
			"请重新执行同一命令：已写入的行不会重复写入"},
		en: parts{"The import is not for this entry", "import {import} is not for this version of the entry, or is not whole, was given up or is published; neither entry nor records were published",
			"dataset {dataset}", "repeat the command: rows that are staged are not staged again"},
	},
	{
		number: 315, code: EntryInForce, status: http.StatusConflict, params: []string{"dataset"},
		zh: parts{"该目录已在用", "数据资源 {dataset} 的这一版目录已经发布，记录不能再与它一并发布，未导入", "数据资源 {dataset}",
			"请用 xietong record import {dataset} FILE 导入该文件"},
		en: parts{"The entry is in force already", "this version of the entry of {dataset} is published, so no records can be published together with it; nothing was imported",
			"dataset {dataset}", "import the file with `xietong record import {dataset} FILE`"},
	},
	{
		number: 361, code: RowsNotGood, status: http.StatusUnprocessableEntity, params: []string{"bad", "rows", "file"},
		zh: parts{"文件有不合格的行", "共 {rows} 行，其中 {bad} 行不合格", "{file}", "请改正后重新检查"},
		en: parts{"Bad rows", "{bad} of {rows} [row|rows] [is|are:bad] bad", "{file}", "correct them and check again"},
	},
	{
		number: 363, code: RowsNone, status: http.StatusUnprocessableEntity, params: []string{"file"},
		zh: parts{"没有可检查的记录", "文件中没有一条记录", "{file}", "请核对是否给错了文件或工作表"},
		en: parts{"No records to check", "the file has no record", "{file}", "check whether it is the right file, or sheet"},
	},
	{
		number: 375, code: EntryByFile, status: http.StatusNotFound, params: []string{"dir", "dataset"},
		zh: parts{"本机没有节点", "没有数据目录，也就没有节点可以告知 {dataset} 的目录信息", "{dir}",
			"本机没有节点的，第一个参数请写目录文件，如 {dataset}.json；节点的数据目录在别处的，请加 --data 写明"},
		en: parts{"No node here", "there is no such data directory, so no node that tells the entry of {dataset}", "{dir}",
			"without a node the first argument is the file of the entry, such as {dataset}.json; where the data directory is another, say it with --data"},
	},
	{
		number: 418, code: EntryFileFault, status: http.StatusUnprocessableEntity, params: []string{"file", "reason"},
		zh: parts{"目录文件有误", "不能按这个目录文件检查：{reason}", "{file}", "请改正目录文件后重新检查"},
		en: parts{"Invalid file of an entry", "nothing can be checked by this file of an entry: {reason}", "{file}", "correct the file of the entry, and check again"},
	},
	{
		number: 362, code: TemporaryHere, status: http.StatusInsufficientStorage, params: []string{"dir", "reason"},
		zh: parts{"本机的临时文件夹不可用", "本机的临时文件夹无法存放检查中的文件：{reason}", "{dir}",
			"请在该文件夹所在的磁盘腾出空间，或修复该文件夹及其权限；也可将环境变量 TMPDIR（Windows 上为 TMP）设为另一磁盘上的文件夹；然后重新检查"},
		en: parts{"Temporary folder of this machine", "the temporary folder of this machine cannot hold the file that is checked: {reason}", "{dir}",
			"free space on its disk, or mend the folder and its permissions; or set the variable TMPDIR (on Windows: TMP) to a folder on another disk; then check again"},
	},
}
