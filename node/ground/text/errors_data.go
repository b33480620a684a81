package text

import "net/http"

// Problems of data that is imported or looked up.
const (
	EntryInvalid     Code = "entry-invalid"
	PatternRefused   Code = "pattern-refused"
	KeywordNotTaken  Code = "keyword-not-taken"
	FormatNotTaken   Code = "format-not-taken"
	KeywordBeside    Code = "keyword-beside"
	SchemaNever      Code = "schema-never"
	TitleTwice       Code = "title-twice"
	FieldName        Code = "field-name-invalid"
	SchemaTooLarge   Code = "schema-too-large"
	RecordUnreadable Code = "record-unreadable"
	RecordsDamaged   Code = "records-damaged"
	BadCSV           Code = "bad-csv"
	BadJSON          Code = "bad-json"
	SchemaRejected   Code = "schema-rejected"
	AskedUnfit       Code = "asked-unfit"
	ValueMistyped    Code = "value-mistyped"
	FilterMalformed  Code = "filter-malformed"
	FilterTooCostly  Code = "filter-too-costly"
	FileChanged      Code = "file-changed"
	RowsRejected     Code = "rows-rejected"
	RowsNoneGood     Code = "rows-none-good"
	UnknownRecord    Code = "unknown-record"
	NoHistory        Code = "no-history"
	CursorStale      Code = "cursor-stale"
	MeasureTooWide   Code = "measure-too-wide"
	BadCursor        Code = "bad-cursor"
	ReceiptRefused   Code = "receipt-refused"
)

var dataProblems = []problem{
	{
		number: 40, code: EntryInvalid, status: http.StatusUnprocessableEntity, params: []string{"dataset", "reason"},
		zh: parts{"目录信息不合规", "该目录信息不能发布：{reason}", "数据资源 {dataset}", "请修改后重新发布"},
		en: parts{"Invalid catalogue entry", "this catalogue entry cannot be published: {reason}", "dataset {dataset}",
			"correct it and publish again"},
	},
	{
		number: 34, code: PatternRefused, status: http.StatusUnprocessableEntity, params: []string{"dataset", "where", "reason", "limit"},
		zh: parts{"正则表达式不能采用", "数据规范中的正则表达式不能采用：{reason}", "数据资源 {dataset}，数据规范 {where}",
			"汉字请直接写出，如 [一-龥]，不用转义；不采用 (?! 等前后查找；重复次数会逐次展开，展开后不得超过 {limit} 条指令"},
		en: parts{"Pattern not taken", "a pattern in the schema is not taken: {reason}", "dataset {dataset}, schema at {where}",
			"write characters themselves, such as [一-龥], and no escapes for them; look-around such as (?! is not taken; a counted repeat is written out, and {limit} [instruction is|instructions are] taken"},
	},
	{
		number: 35, code: KeywordNotTaken, status: http.StatusUnprocessableEntity, params: []string{"dataset", "where", "keyword"},
		zh: parts{"数据规范用了不采用的关键字", "数据规范用了不采用的关键字：{keyword}", "数据资源 {dataset}，数据规范 {where}",
			"请只用 type、enum、const、properties、required、items、prefixItems、各类上下限、pattern、format、allOf、anyOf、oneOf、not、if、then、else，以及引用 $defs 的 $ref"},
		en: parts{"Keyword not taken", "the schema has a keyword that is not taken: {keyword}", "dataset {dataset}, schema at {where}",
			"use type, enum, const, properties, required, items, prefixItems, bounds, pattern, format, allOf, anyOf, oneOf, not, if, then, else, and $ref to $defs"},
	},
	{
		number: 396, code: FormatNotTaken, status: http.StatusUnprocessableEntity, params: []string{"dataset", "where", "format", "known"},
		zh: parts{"没有这种格式", "数据规范的 format 没有“{format}”这一种", "数据资源 {dataset}，数据规范 {where}", "请用下列之一，或者去掉 format：{known}"},
		en: parts{"Unknown format", "the schema has the format {format}, which there is not", "dataset {dataset}, schema at {where}",
			"use one of these, or leave `format` out: {known}"},
	},
	{
		number: 397, code: KeywordBeside, status: http.StatusUnprocessableEntity, params: []string{"dataset", "where", "keyword", "type"},
		zh: parts{"关键字与类型不配", "数据规范的 {keyword} 对类型 {type} 不起作用", "数据资源 {dataset}，数据规范 {where}", "请去掉 {keyword}，或者改正 type"},
		en: parts{"Keyword of another type", "the schema has {keyword}, which checks nothing of the type {type}", "dataset {dataset}, schema at {where}",
			"leave {keyword} out, or correct the type"},
	},
	{
		number: 377, code: SchemaNever, status: http.StatusUnprocessableEntity, params: []string{"dataset", "where", "keyword"},
		zh: parts{"没有任何值符合", "按数据规范的 {keyword}，任何值都不合格，所有行都会被拒绝", "数据资源 {dataset}，数据规范 {where}",
			"请改正 {keyword}：enum 至少列出一个值，enum 和 const 的值须与 type 相符，下限不得高于上限"},
		en: parts{"No value is good", "by {keyword} of the schema no value is good, so that every row would be refused", "dataset {dataset}, schema at {where}",
			"correct {keyword}: an enum names at least one value, the values of enum and const are of the type beside them, and no lower bound is above the upper one"},
	},
	{
		number: 378, code: TitleTwice, status: http.StatusUnprocessableEntity, params: []string{"dataset", "where", "field", "other", "title"},
		zh: parts{"名称重复", "数据项 {field} 的名称（title）“{title}”也是数据项 {other} 的名称或编码，文件中的这一列分不清是哪一项", "数据资源 {dataset}，数据规范 {where}",
			"请改正其中一个 title，或者去掉"},
		en: parts{"Title of two fields", "the title {title} of the field {field} is the title or the name of {other} as well, so that nothing tells whose a column with this header is",
			"dataset {dataset}, schema at {where}", "change one of the titles, or leave it out"},
	},
	{
		number: 36, code: FieldName, status: http.StatusUnprocessableEntity, params: []string{"dataset", "where", "field", "limit"},
		zh: parts{"数据项名称不合规", "数据项名称不合规：{field}", "数据资源 {dataset}，{where}",
			"名称为 1 到 {limit} 个字母、汉字、数字或下划线，不以数字开头，不含空格、连字符和其他符号，带附加符号的字母须用合成形式（NFC）"},
		en: parts{"Invalid name of a field", "this cannot be the name of a field: {field}", "dataset {dataset}, {where}",
			"a name has 1 to {limit} [letter|letters], marks, digits or _ of any script, composed (Unicode NFC), and begins with a letter or _"},
	},
	{
		number: 43, code: SchemaTooLarge, status: http.StatusUnprocessableEntity, params: []string{"dataset", "where", "limit"},
		zh: parts{"数据规范过大", "数据规范过大：展开引用后超过 {limit} 个节点、嵌套过深，或引用成环", "数据资源 {dataset}，数据规范 {where}",
			"请减少嵌套、分支和引用"},
		en: parts{"Schema too large", "the schema has more than {limit} [node|nodes] with its references unfolded, is nested too deep, or goes in a circle",
			"dataset {dataset}, schema at {where}", "use fewer branches, references and levels"},
	},
	{
		number: 206, code: RecordUnreadable, status: http.StatusInternalServerError, params: []string{"dataset", "entry"},
		zh: parts{"记录已损坏", "该记录的内容已损坏，无法读取；同一数据资源的其他记录不受影响", "数据资源 {dataset}，存证条目 {entry}",
			"请数据提供机关重新提交该记录；管理员应以 `xietong ledger verify` 检查数据目录，必要时从备份恢复"},
		en: parts{"Record damaged", "the record is damaged and cannot be read; the other records of the dataset are served on", "dataset {dataset}, entry {entry}",
			"its provider should put the record again; the administrator should check the data directory with `xietong ledger verify`, and restore it from a backup if it is damaged"},
	},
	{
		number: 443, code: RecordsDamaged, status: http.StatusInternalServerError, params: []string{"count", "entry"},
		zh: parts{"有记录已损坏", "本次启动以来，有 {count} 条记录因内容损坏无法读取；查询略过这些记录，并告知提问方，其他记录不受影响", "存证条目 {entry} 等",
			"请检查磁盘；各条见日志中的“record cannot be read”。请提供部门重新提交这些记录，重新启动节点后警报消失"},
		en: parts{"Records damaged", "since the node started, {count} [record|records] could not be read, being damaged: queries leave them out and say so, and the others are served on",
			"entry {entry} is the first", "check the disk; the log names each in a line \"record cannot be read\"; have its provider put it again, and the alarm ends when the node starts again"},
	},
	{
		number: 41, code: BadCSV, status: http.StatusBadRequest, params: []string{"row", "column", "reason"},
		zh: parts{"CSV 格式有误", "CSV 内容无法读取：{reason}", "第 {row} 行，列：{column}", "请改正该行后重新检查文件"},
		en: parts{"Malformed CSV", "the CSV cannot be read: {reason}", "row {row}, column: {column}",
			"correct that row and check the file again"},
	},
	{
		number: 42, code: BadJSON, status: http.StatusBadRequest, params: []string{"row", "reason"},
		zh: parts{"JSON 格式有误", "JSON 内容无法读取：{reason}", "第 {row} 行", "请改正后重新提交"},
		en: parts{"Malformed JSON", "the JSON cannot be read: {reason}", "row {row}", "correct it and send it again"},
	},
	{
		number: 44, code: SchemaRejected, status: http.StatusUnprocessableEntity, params: []string{"dataset", "field", "reason"},
		zh: parts{"记录不符合数据规范", "数据项“{field}”不符合目录规定的数据规范：{reason}", "数据资源 {dataset}",
			"请按目录所列数据规范（xietong dataset show {dataset}）改正后重新提交"},
		en: parts{"Record rejected by the schema", "the field {field} is not as the schema in the catalogue says: {reason}",
			"dataset {dataset}", "correct it as the catalogue says (`xietong dataset show {dataset}`), and send it again"},
	},
	{
		number: 395, code: AskedUnfit, status: http.StatusUnprocessableEntity, params: []string{"dataset", "field", "reason"},
		zh: parts{"所问的值不符合数据规范", "所问的数据项“{field}”的值不符合目录规定的数据规范，不会有这样的记录：{reason}", "数据资源 {dataset}",
			"请按目录所列数据规范（xietong dataset show {dataset}；他处的，另加 --at）改正后再问"},
		en: parts{"No record can have the value", "the value asked for of the field {field} is not as the schema in the catalogue says, so no record has it: {reason}",
			"dataset {dataset}", "correct it as the catalogue says (`xietong dataset show {dataset}`, with --at where it is elsewhere), and ask again"},
	},
	{
		number: 215, code: ValueMistyped, status: http.StatusConflict, params: []string{"dataset", "field"},
		zh: parts{"记录与现行目录不符", "该记录的数据项“{field}”不是现行目录所列的类型，无法核验是否相符", "数据资源 {dataset}",
			"请告知提供部门按现行目录重新写入该记录"},
		en: parts{"Value of another type", "the field {field} of this record is not of the type that the catalogue has now, so it is neither yes nor no",
			"dataset {dataset}", "tell the provider to put the record again as the catalogue has it now"},
	},
	{
		number: 45, code: FilterMalformed, status: http.StatusBadRequest, params: []string{"position", "reason", "example"},
		zh: parts{"筛选条件有误", "筛选条件无法理解：{reason}", "筛选条件第 {position} 个字符",
			"请按 CEL 语法修改，例如 {example} 这样的写法；任何数据项都可写成 record[\"名称\"]"},
		en: parts{"Malformed filter", "the filter is not understood: {reason}", "the filter, at character {position}",
			"write it in CEL, for example as {example}; any field can be named as record[\"NAME\"]"},
	},
	{
		number: 46, code: FilterTooCostly, status: http.StatusBadRequest, params: []string{"dataset", "scanned", "total"},
		zh: parts{"限定时间内未能读完", "统计须逐条读取，在等待时限内读到第 {scanned} 条，共 {total} 条", "数据资源 {dataset}",
			"请分页统计（xietong query 加 --all），或先用已建索引的数据项缩小范围，或按目录所列分组项统计条数"},
		en: parts{"Too many records for the time", "the records are read one by one, and in the time that the asker waits {scanned} of {total} were", "dataset {dataset}",
			"let it go on in pages (`xietong query` with --all), narrow the search by an indexed field first, or count by the fields that the catalogue entry groups by"},
	},
	{
		number: 316, code: CursorStale, status: http.StatusConflict, params: []string{"dataset"},
		zh: parts{"翻页标记已过时", "首页之后，所依据的目录、共享权限或账本已变动，或首页距今已超过一天", "数据资源 {dataset}", "请从第一页重新统计"},
		en: parts{"Cursor out of date", "since the first page the catalogue entry, the grant or the ledger that it rests on has changed, or it is more than a day ago",
			"dataset {dataset}", "start again at the first page"},
	},
	{
		number: 317, code: MeasureTooWide, status: http.StatusUnprocessableEntity, params: []string{"dataset", "scanned", "total"},
		zh: parts{"分组过多，无法分页统计", "在限定时间内统计到第 {scanned} 条，共 {total} 条；分组过多，无法分页继续", "数据资源 {dataset}",
			"请按取值较少的数据项分组，或缩小范围，或用 --wait 延长每页的时间"},
		en: parts{"Too many groups for pages", "{scanned} of {total} [record was|records were] read in the time, and there are too many groups to go on in pages",
			"dataset {dataset}", "group by a field with fewer values, narrow the search, or give each page more time with --wait"},
	},
	{
		number: 47, code: FileChanged, status: http.StatusConflict, params: []string{"file", "want", "got"},
		zh: parts{"文件已变动", "文件、读取的方式或其中合格的行与检查时不一致：检查时为 {want}（SHA-256 或合格行数），现为 {got}", "{file}", "请以与检查时相同的方式导入；文件改过的，请重新检查后再导入"},
		en: parts{"File changed", "the file, the way in which it is read, or what is good of it, is not what was checked: its SHA-256 or number of good rows was {want} and is {got}", "{file}",
			"import it as it was checked; if the file was changed, check it again first"},
	},
	{
		number: 48, code: RowsRejected, status: http.StatusUnprocessableEntity, params: []string{"bad", "rows", "dataset"},
		zh: parts{"文件有不合格的行", "共 {rows} 行，其中 {bad} 行不合格，未导入", "数据资源 {dataset}",
			"请改正不合格的行后重试；如只导入合格的行，请在同一命令后加 --keep-good"},
		en: parts{"Rows rejected", "{bad} of {rows} [row|rows] [is|are:bad] bad, and nothing was imported", "dataset {dataset}",
			"correct the bad rows, or import only the good ones: add --keep-good to the command"},
	},
	{
		number: 325, code: RowsNoneGood, status: http.StatusUnprocessableEntity, params: []string{"rows", "dataset"},
		zh: parts{"没有合格的行", "共 {rows} 行，全部不合格，未导入", "数据资源 {dataset}", "请改正各行后重试"},
		en: parts{"No good row", "of {rows} [row|rows] none is good, and nothing was imported", "dataset {dataset}", "correct the rows and try again"},
	},
	{
		number: 49, code: UnknownRecord, status: http.StatusNotFound, params: []string{"dataset"},
		zh: parts{"没有该记录", "没有该主键的现行记录：从未写入，或者已经撤下", "数据资源 {dataset}", "请核对主键；是否写入过、何时撤下，见 xietong record history {dataset} KEY"},
		en: parts{"No such record", "there is no live record with this key: it was never put, or is retracted already", "dataset {dataset}",
			"check the key; `xietong record history {dataset} KEY` tells whether it was ever put, and when it was retracted"},
	},
	{
		number: 399, code: NoHistory, status: http.StatusNotFound, params: []string{"dataset"},
		zh: parts{"从未有过该记录", "从未有过该主键的记录，撤下的也没有", "数据资源 {dataset}", "请核对主键"},
		en: parts{"Never a record", "there never was a record with this key, nor one that was retracted", "dataset {dataset}", "check the key"},
	},
	{
		number: 50, code: BadCursor, status: http.StatusBadRequest, params: []string{"dataset"},
		zh: parts{"翻页标记无效", "翻页标记无效或不属于本次查询", "数据资源 {dataset}", "请从第一页重新查询"},
		en: parts{"Bad cursor", "the cursor is not valid, or belongs to another query", "dataset {dataset}",
			"start again at the first page"},
	},
	{
		number: 51, code: ReceiptRefused, status: http.StatusUnprocessableEntity, params: []string{"file", "reason"},
		zh: parts{"存证凭证未通过验证", "存证凭证不可采信：{reason}", "{file}", "请核对根的起点标识（见 xietong tree）和所给的文件，并向出具方索取原件"},
		en: parts{"Receipt refused", "the receipt proves nothing: {reason}", "{file}",
			"check the pin of the root (see `xietong tree`) and the files, and ask whoever gave you the receipt for the original"},
	},
}
