package text

import "net/http"

// Problems of files that people bring.
const (
	HeaderRefused  Code = "header-refused"
	FileEmpty      Code = "file-empty"
	EncodingUnsure Code = "encoding-unsure"
	EncodingBroken Code = "encoding-broken"
	FileKind       Code = "file-kind"
	FileNoTable    Code = "file-no-table"
	FileLocked     Code = "file-locked"
	SheetNeeded    Code = "sheet-needed"
	SheetUnknown   Code = "sheet-unknown"
	SheetPivot     Code = "sheet-pivot"
	FileTooLarge   Code = "file-too-large"
	FileDamaged    Code = "file-damaged"
	FileWish       Code = "file-wish"
	FileOneObject  Code = "file-one-object"
	SheetHidden    Code = "sheet-hidden"
	FileAmbiguous  Code = "file-ambiguous"
	RowsHidden     Code = "rows-hidden"
	ColumnsHidden  Code = "columns-hidden"
	OptionIdle     Code = "option-idle"
)

var fileProblems = []problem{
	{
		number: 220, code: HeaderRefused, status: http.StatusUnprocessableEntity, params: []string{"line", "faults", "fields"},
		zh: parts{"表头不符", "表头与目录不符：{faults}", "文件第 {line} 行", "请改正表头后重新导入；可用的列：{fields}"},
		en: parts{"Header not as in the catalogue", "the header does not fit the dataset: {faults}", "line {line} of the file",
			"correct the header and import again; the columns may be: {fields}"},
	},
	{
		number: 221, code: FileEmpty, status: http.StatusUnprocessableEntity,
		zh: parts{"文件是空的", "文件中没有任何内容", "所给的文件", "请核对是否给错了文件，或者保存时是否漏了内容"},
		en: parts{"Empty file", "there is nothing in the file", "the file that was given", "check whether it is the right file, and whether it was saved whole"},
	},
	{
		number: 223, code: EncodingUnsure, status: http.StatusUnprocessableEntity, params: []string{"encodings", "reason"},
		zh: parts{"不能断定文字编码", "不能断定文件的文字编码，可能是 {encodings}：{reason}", "所给的文件",
			"请用 --encoding 指明其中一种，或者在表格程序中另存为“CSV UTF-8”或 .xlsx"},
		en: parts{"Encoding not certain", "the encoding of the file is not certain; it may be {encodings}: {reason}", "the file that was given",
			"name one of them with --encoding, or save the file as \"CSV UTF-8\" or .xlsx in a spreadsheet program"},
	},
	{
		number: 224, code: EncodingBroken, status: http.StatusUnprocessableEntity, params: []string{"line", "encoding", "reason"},
		zh: parts{"有不能识别的文字", "文件不能按 {encoding} 读取：{reason}", "文件第 {line} 行", "--encoding 写得不对的，请改正，或者去掉而由程序识别；不是这样的，请从原始数据重新导出，保存为“CSV UTF-8”或 .xlsx"},
		en: parts{"Text that cannot be read", "the file cannot be read as {encoding}: {reason}", "line {line} of the file",
			"correct --encoding, or leave it out and have the program find it; if that is not it, export the file again from where it came, as \"CSV UTF-8\" or .xlsx"},
	},
	{
		number: 225, code: FileKind, status: http.StatusUnprocessableEntity, params: []string{"what"},
		zh: parts{"不是可以导入的文件", "{what}，不能导入", "所给的文件", "请用表格程序打开，另存为 .xlsx 或“CSV UTF-8”后再导入"},
		en: parts{"Not a file to import", "it is {what}; this cannot be imported", "the file that was given",
			"open it in a spreadsheet program, save it as .xlsx or \"CSV UTF-8\", and import that"},
	},
	{
		number: 376, code: FileNoTable, status: http.StatusUnprocessableEntity, params: []string{"what"},
		zh: parts{"不是表格文件", "{what}，不能导入", "所给的文件", "压缩包请先解压；其他的，请向提供文件的一方索取同样内容的 .xlsx 或 CSV 文件"},
		en: parts{"No table", "it is {what}; this cannot be imported", "the file that was given",
			"unpack it, if it is packed; else ask whoever gave you the file for the same as .xlsx or CSV"},
	},
	{
		number: 226, code: FileLocked, status: http.StatusUnprocessableEntity,
		zh: parts{"文件有密码", "这是设了密码的工作簿，不能读取", "所给的文件", "请用表格程序打开，取消密码后另存，再导入"},
		en: parts{"File with a password", "this is a workbook with a password, and it cannot be read", "the file that was given",
			"open it in a spreadsheet program, save it without the password, and import that"},
	},
	{
		number: 227, code: SheetNeeded, status: http.StatusUnprocessableEntity, params: []string{"sheets"},
		zh: parts{"未指明工作表", "有几个工作表都有数据：{sheets}", "所给的工作簿", "请用 --sheet 指明其中一个"},
		en: parts{"Sheet not named", "several sheets have data: {sheets}", "the workbook that was given", "name one of them with --sheet"},
	},
	{
		number: 228, code: SheetUnknown, status: http.StatusUnprocessableEntity, params: []string{"sheet", "sheets"},
		zh: parts{"没有该工作表", "工作簿中没有可读取的工作表“{sheet}”", "所给的工作簿", "请用 --sheet 指明下列之一：{sheets}"},
		en: parts{"No such sheet", "the workbook has no sheet \"{sheet}\" that can be read", "the workbook that was given", "name one of these with --sheet: {sheets}"},
	},
	{
		number: 229, code: SheetPivot, status: http.StatusUnprocessableEntity, params: []string{"sheet"},
		zh: parts{"是数据透视表", "工作表“{sheet}”是数据透视表，不是逐行的记录", "工作表“{sheet}”", "请导入透视表所依据的明细表，或者把数值粘贴到新的工作表"},
		en: parts{"A pivot table", "the sheet \"{sheet}\" is a pivot table, and not a row for each record", "sheet \"{sheet}\"",
			"import the table that the pivot is made from, or paste its values into a new sheet"},
	},
	{
		number: 230, code: FileTooLarge, status: http.StatusRequestEntityTooLarge, params: []string{"what", "limit"},
		zh: parts{"文件过大", "{what}超过上限 {limit}", "所给的文件", "请分成几个文件，或者另存为“CSV UTF-8”后导入"},
		en: parts{"File too large", "{what} is beyond the limit of {limit}", "the file that was given",
			"divide it into several files, or save it as \"CSV UTF-8\" and import that"},
	},
	{
		number: 231, code: FileDamaged, status: http.StatusUnprocessableEntity, params: []string{"line", "reason"},
		zh: parts{"文件已损坏或不完整", "文件不能读到末尾：{reason}", "文件第 {line} 行", "请重新保存或重新取得该文件，再导入；没有导入任何行"},
		en: parts{"File damaged or cut short", "the file cannot be read to its end: {reason}", "line {line} of the file",
			"save it again, or get it again, and import that; no row was imported"},
	},
	{
		number: 232, code: FileWish, status: http.StatusBadRequest, params: []string{"what", "value", "known"},
		zh: parts{"没有这种读法", "不认识的{what}：{value}", "选项", "请用下列之一：{known}"},
		en: parts{"Unknown way to read a file", "unknown {what}: {value}", "the option", "use one of: {known}"},
	},
	{
		number: 413, code: OptionIdle, status: http.StatusBadRequest, params: []string{"what", "value", "format"},
		zh: parts{"选项不起作用", "文件是 {format}，所给的{what}“{value}”不起作用，未作任何改动", "选项", "请去掉它；文件不对的，请换成正确的文件"},
		en: parts{"Option without effect", "the file is {format}, so the {what} \"{value}\" has no effect on it; nothing was changed", "the option",
			"leave it out, or give the right file"},
	},
	{
		number: 233, code: FileOneObject, status: http.StatusUnprocessableEntity,
		zh: parts{"不是记录的列表", "文件是一个写成多行的 JSON 对象，不是记录的列表", "所给的文件",
			"请改为列表（以 [ 开头，每个元素一条记录），或者每行一个对象；只写入一条记录，请用 record put"},
		en: parts{"No list of records", "the file is one JSON object over several lines, and no list of records", "the file that was given",
			"make it a list (it begins with [ and has a record an element), or one object a line; to put one record, use `record put`"},
	},
	{
		number: 234, code: SheetHidden, status: http.StatusUnprocessableEntity, params: []string{"sheets"},
		zh: parts{"数据都在隐藏的工作表中", "只有隐藏的工作表有数据：{sheets}", "所给的工作簿", "如要导入隐藏的工作表，请用 --sheet 指明"},
		en: parts{"Data in hidden sheets alone", "only hidden sheets have data: {sheets}", "the workbook that was given",
			"to import one of the hidden sheets, name it with --sheet"},
	},
	{
		number: 310, code: FileAmbiguous, status: http.StatusUnprocessableEntity, params: []string{"what", "reason"},
		zh: parts{"工作簿有两种读法", "工作簿的内容不止一种读法：{reason}（{what}）；没有导入任何行", "所给的工作簿", "请用表格程序打开，核对所见的内容，另存为新的 .xlsx 后再导入；如仍有此提示，请把要导入的区域复制到新的工作簿"},
		en: parts{"Workbook with two readings", "the workbook can be read in more than one way: {reason} ({what}); no row was imported", "the workbook that was given",
			"open it in a spreadsheet program, look at what it shows, save it as a new .xlsx, and import that; if this is said again, copy what is to be imported into a new workbook"},
	},
	{
		number: 311, code: RowsHidden, status: http.StatusUnprocessableEntity, params: []string{"sheet", "count", "rows"},
		zh: parts{"隐藏的行中有数据", "工作表“{sheet}”中有 {count} 行是隐藏的，却有数据：第 {rows} 行；没有导入任何行", "工作表“{sheet}”",
			"请清除筛选、取消隐藏，核对这些行，保存后再导入；不应导入的，请先删除"},
		en: parts{"Hidden rows with data", "{count} [row|rows] of the sheet \"{sheet}\" [is|are:count] hidden, and [has|have:count] data: {rows}; no row was imported", "sheet \"{sheet}\"",
			"clear the filter and unhide them, look at them, save, and import again; delete those that are not to be imported"},
	},
	{
		number: 312, code: ColumnsHidden, status: http.StatusUnprocessableEntity, params: []string{"sheet", "columns"},
		zh: parts{"隐藏的列中有数据", "工作表“{sheet}”中有隐藏的列，却有数据：{columns}；没有导入任何行", "工作表“{sheet}”", "请取消隐藏，核对这些列，保存后再导入；不应导入的，请先删除"},
		en: parts{"Hidden columns with data", "columns of the sheet \"{sheet}\" are hidden, and have data: {columns}; no row was imported", "sheet \"{sheet}\"",
			"unhide them, look at them, save, and import again; delete those that are not to be imported"},
	},
}
