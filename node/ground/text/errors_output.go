package text

import "net/http"

// Problems of writing rows to a file.
const (
	FileExists  Code = "file-exists"
	SheetFull   Code = "sheet-full"
	CellTooLong Code = "cell-too-long"
	CellControl Code = "cell-control"
	PagesOther  Code = "pages-other"
)

var outputProblems = []problem{
	{
		number: 280, code: FileExists, status: http.StatusConflict, params: []string{"file"},
		zh: parts{"文件已存在", "{file} 已存在，没有写入", "{file}", "请换用其他文件名；确要覆盖的，加 --force"},
		en: parts{"File exists", "{file} is there already, and nothing was written", "{file}",
			"choose another name; to replace the file add --force"},
	},
	{
		number: 281, code: SheetFull, status: http.StatusRequestEntityTooLarge, params: []string{"limit"},
		zh: parts{"超出表格行数", "结果超过 {limit} 行，一张 xlsx 工作表放不下，没有写入", "xlsx 工作表",
			"请改用 -o csv，或者用 --where、--filter 分次查询"},
		en: parts{"Too many rows for a sheet", "there are more than {limit} [row|rows], which one sheet cannot hold, and nothing was written", "the sheet of xlsx",
			"use -o csv, or ask for parts with --where or --filter"},
	},
	{
		number: 282, code: CellTooLong, status: http.StatusRequestEntityTooLarge, params: []string{"row", "column", "size", "limit"},
		zh: parts{"超出单元格长度", "第 {row} 行的“{column}”有 {size} 个字符，xlsx 的单元格最多 {limit} 个，没有写入", "第 {row} 行，{column}",
			"请改用 -o csv 或 -o jsonl，或者用 --fields 略去该项"},
		en: parts{"Too long for a cell", "{column} of row {row} has {size} [character|characters], more than the {limit} that a cell of xlsx can hold, and nothing was written",
			"row {row}, {column}", "use -o csv or -o jsonl, or leave the field out with --fields"},
	},
	{
		number: 283, code: CellControl, status: http.StatusUnprocessableEntity, params: []string{"row", "column"},
		zh: parts{"含有控制字符", "第 {row} 行的“{column}”含有控制字符，xlsx 无法保存，没有写入", "第 {row} 行，{column}",
			"请改用 -o csv 或 -o jsonl，并请数据提供方更正该记录"},
		en: parts{"Control character", "{column} of row {row} has a control character, which xlsx cannot hold, and nothing was written",
			"row {row}, {column}", "use -o csv or -o jsonl, and have the provider correct the record"},
	},
	{
		number: 284, code: PagesOther, status: http.StatusConflict, params: []string{"file"},
		zh: parts{"不能接着取", "{file} 中的页不属于这次查询，或者该数据资源已重新发布，不能接着取", "{file}",
			"请删除 {file} 后重新执行，或者换用其他文件名"},
		en: parts{"Pages of another question", "the pages in {file} are of another question, or the dataset was published anew since: there is no going on from them", "{file}",
			"delete {file} and run the command again, or choose another file"},
	},
}
