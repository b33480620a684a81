package text

import (
	"cmp"
	"maps"
	"strconv"
	"strings"
	"time"
)

// word is a word of the floors below in both languages; en is "" where the English is the word
// itself.
type word struct{ zh, en string }

// words are the words of the floors below that reach a person inside a sentence. Those floors name
// things by plain English words, in their errors and on the wire.
var words = map[string]word{
	// kinds of entry (docs/protocol.md)
	"key set":          {zh: "密钥集"},
	"agency added":     {zh: "部门登记"},
	"catalogue entry":  {zh: "目录发布"},
	"record":           {zh: "记录写入"},
	"record retracted": {zh: "记录撤下"},
	"invitation":       {zh: "加入邀请"}, "endorsement": {zh: "下级背书"}, "endorsement withdrawn": {zh: "背书撤回"}, "invitation cancelled": {zh: "邀请取消"}, "joined": {zh: "加入记录"},
	"import opened":    {zh: "批量导入开始"},
	"import published": {zh: "批量导入发布"},
	"import abandoned": {zh: "批量导入放弃"},
	"application":      {zh: "共享申请"},
	"grant":            {zh: "共享权限"},
	"grant revoked":    {zh: "共享权限撤销"},
	"access":           {zh: "使用记录"},
	"asked":            {zh: "查询留痕"}, "roster": {zh: "行政区划名录"}, "standard entry": {zh: "标准目录"},
	"use refused": {zh: "使用未予答复"}, "keys confirmed": {zh: "密钥确认"}, "audit finding": {zh: "核对结论"}, "saved question": {zh: "保存的查询"},
	"dataset withdrawn": {zh: "数据资源撤回"}, "agency renamed": {zh: "部门更名"}, "agency ended": {zh: "部门撤销"},
	"standard withdrawn": {zh: "标准目录撤回"}, "grants by rule allowed": {zh: "恢复按规则授予"}, "holder ended elsewhere": {zh: "外部需求部门撤销"}, "clock corrected": {zh: "时钟已校正"}, "clock accepted": {zh: "时钟已确认"}, "checkpoint witnessed": {zh: "检查点见证"}, "fork found": {zh: "账本分叉"}, "fork acknowledged": {zh: "分叉确认"}, "ledger continued": {zh: "账本经确认继续"}, "epoch begun": {zh: "新纪元开始"}, "epoch checked": {zh: "失去的条目经核查"}, "child held": {zh: "下级待出示密钥"}, "held": {zh: "待确认"},

	// things that are looked for, and kinds of names
	"entry": {zh: "存证条目"}, "kind of entry": {"这种条目", "kind of entry of that name"}, "kind of problem": {"这种问题类型", "problem of that kind"}, "label": {zh: "编码", en: "the code"}, "jurisdiction": {zh: "行政区划名称", en: "the name of a jurisdiction"}, "pin": {zh: "起点标识"},
	"dataset": {zh: "数据资源"}, "log": {zh: "账本名称"}, "agency": {zh: "部门标识"}, "replica": {zh: "副本"}, "message id": {zh: "请求标识"},
	"only a-z, 0-9 and hyphen may stand in it": {zh: "只能用小写字母、数字和连字符"},
	"it begins or ends with a hyphen":          {zh: "不能以连字符开头或结尾"},

	// causes of the operating system (syscall.Errno)
	"no space left on device": {zh: "磁盘已满"}, "is a directory": {zh: "它是目录"}, "not a directory": {zh: "路径中有一段不是目录"},
	"read-only file system": {zh: "文件系统只读"}, "file name too long": {zh: "文件名过长"}, "too many open files": {zh: "打开的文件过多"},
	"address already in use": {zh: "地址已被占用"}, "cannot assign requested address": {zh: "本机没有这个地址"},
	"permission denied": {zh: "没有权限"}, "no such file or directory": {zh: "没有这个文件或目录"}, "connection refused": {zh: "连接被拒绝"},
	"connection reset by peer": {zh: "对方中断了连接"}, "network is unreachable": {zh: "网络不通"}, "no route to host": {zh: "到该地址没有路由"},
	"disk quota exceeded": {zh: "磁盘配额已满"}, "structure needs cleaning": {zh: "文件系统已损坏", en: "the file system is damaged (structure needs cleaning)"},
	"file too large": {zh: "超过单个文件的大小上限"}, "stale file handle": {zh: "网络盘上的文件已失效"}, "invalid cross-device link": {zh: "两处不在同一文件系统"},
	"input/output error": {zh: "磁盘读写出错", en: "the disk cannot be read or written (input/output error)"}, "context canceled": {zh: "节点正在停止", en: "the node is stopping"},
	"operation not permitted": {zh: "系统不允许这一操作", en: "the system does not permit it"}, "no such host": {zh: "没有这个主机名", en: "there is no host of that name"},
	"i/o timeout": {zh: "没有及时应答", en: "no answer came in time"}, "context deadline exceeded": {zh: "没有及时应答", en: "no answer came in time"},
	"file exists": {zh: "已有同名的文件或目录", en: "there is a file or folder of that name"}, "directory not empty": {zh: "目录不是空的", en: "the folder is not empty"},
	"text file busy": {zh: "文件正在运行", en: "the file is running"}, "cannot allocate memory": {zh: "内存不足", en: "there is not enough memory"},
	"device or resource busy": {zh: "设备或文件正被占用", en: "the device or file is in use"}, "bad file descriptor": {zh: "文件已经关闭", en: "the file is closed already"},
	"address family not supported by protocol": {zh: "本机不支持这一类地址", en: "this machine has no addresses of that kind"},
	"broken pipe": {zh: "接收输出的程序已经结束", en: "the program that took the output has ended"}, "no such device or address": {zh: "没有这个设备或地址", en: "there is no such device or address"},
	"invalid argument": {zh: "系统不接受这样的文件或地址", en: "the system takes no such file or address"}, "operation not supported": {zh: "所在的文件系统不支持这一操作", en: "the file system there does not support it"},
	"There is not enough space on the disk.": {zh: "磁盘已满", en: "the disk is full"}, "Data error (cyclic redundancy check).": {zh: "磁盘读写出错", en: "the disk cannot be read"}, // these are what Windows tells
	"The filename, directory name, or volume label syntax is incorrect.": {zh: "文件名或路径中有不能用的字符", en: "the name or path has characters that it cannot have"},
	"The file or directory is corrupted and unreadable.":                 {zh: "文件或目录已损坏", en: "the file or folder is damaged"}, "The request could not be performed because of an I/O device error.": {zh: "磁盘读写出错", en: "the disk cannot be read or written"},
	"only-here":     {zh: "config.yaml 中的 listen 是只在本机有效的地址，由它连不上其他机器；请改为 0.0.0.0 加端口，或者留空，再重启节点", en: "`listen` in config.yaml is an address of this machine alone, from which no other machine is reached; make it 0.0.0.0 and the port, or leave it empty, and restart the node"},
	"clocks-differ": {zh: "双方的时钟不一致，证书不在有效期内（见 xietong status）", en: "the clocks of the two differ, so neither certificate is good for the other (see `xietong status`)"}, "no-vote": {zh: "本副本尚无表决权，不与其他节点连接", en: "this replica has no vote yet, and keeps no link to other nodes"}, "too many links": {zh: "链接过多", en: "there are too many links"}, "too many levels of symbolic links": {zh: "符号链接成环或过多", en: "its links go in a circle, or are too many"},
	"host is down":                 {zh: "对方主机没有开机", en: "the host is down"},
	"it is a folder":               {zh: "这是一个文件夹，不是文件"},
	"malformed note":               {zh: "不是检查点，或者文件已经损坏", en: "it is no checkpoint, or the file is damaged"},
	"unexpected end of JSON input": {zh: "内容不完整", en: "it ends too early"}, "unexpected EOF": {zh: "内容不完整", en: "it ends too early"}, "EOF": {zh: "内容不完整", en: "it ends too early"},
	"request body is required": {zh: "缺少正文", en: "there is no body"}, "unexpected property": {zh: "没有这一项", en: "there is no such member"},
	"expected string":  {zh: "应为文字，写在英文双引号之内", en: "it must be a text, in quotation marks"},
	"expected integer": {zh: "应为不过长的整数，只写数字（不带小数点和指数），如 10", en: "it must be a whole number that is not too long, in digits alone, such as 10"},
	"expected number":  {zh: "应为数字", en: "it must be a number"}, "expected boolean": {zh: "应为 true 或 false", en: "it must be true or false"},
	"expected array":                       {zh: "应为列表，如 [\"a\", \"b\"]", en: "it must be a list, such as [\"a\", \"b\"]"},
	"expected object":                      {zh: "应为对象，写在大括号之内", en: "it must be an object, in braces"},
	"expected another type":                {zh: "类型不符", en: "it is of another type"},
	"expected string to be base64 encoded": {zh: "应为 base64 编码", en: "it must be base64"},
	"invalid integer":                      {zh: "应为不过长的整数，只写数字，如 10", en: "it must be a whole number that is not too long, in digits alone, such as 10"},
	"invalid boolean":                      {zh: "应为 true 或 false", en: "it must be true or false"},
	"there is none; a UUIDv7 is needed":    {zh: "没有填写，须为一个 UUIDv7"},
	"no such operation":                    {zh: "没有这个接口", en: "the API has no such operation"},
	"given twice":                          {zh: "写了两次", en: "it is given twice"},

	// where something was typed
	"argument NAME": {zh: "参数 NAME", en: "the argument NAME"}, "flag --in": {zh: "选项 --in", en: "the flag --in"},

	// parts of a request
	"parameters": {zh: "请求的参数", en: "the parameters"}, "body": {zh: "请求的正文", en: "the body"}, "question": {zh: "查询的内容", en: "the question"},
	"claim": {zh: "核验的内容", en: "the claim"}, "measure": {zh: "统计的写法", en: "the measure"}, "host": {zh: "所承载的行政区划", en: "the hosted jurisdictions"},
	"a name": {zh: "所给的名称", en: "the name that was given"},
	"empty":  {zh: "是空的", en: "it is empty"},

	// what is believed, where it was not named
	"other keys": {zh: "另一套密钥（未指明）", en: "other keys, which it did not name,"},

	// outcomes of a command
	"not done": {zh: "没有执行", en: "it was not done"},

	// why a list of agencies could not be had, by the code of the problem
	"unreachable":    {zh: "联系不上", en: "it cannot be reached"},
	"late":           {zh: "没有及时答复", en: "it gave no answer in time"},
	"answer-refused": {zh: "其答复未通过验证", en: "its answer was not proven"},

	// the parts of an application, with the flag that gives each
	"basis":    {zh: "使用依据（basis）"},
	"scenario": {zh: "应用场景（scenario）"},
	"scope":    {zh: "使用范围（scope）"},
	"method":   {zh: "使用方式（method）"},
	"until":    {zh: "使用期限（until）"},
	"paper":    {zh: "文号（paper）"},

	// rules that a row or record may break: keywords of JSON Schema, and those of the file
	"required":         {"没有填写", "it is missing"},
	"type":             {"类型不符", "it is of another type"},
	"pattern":          {"格式不符", "it has another form"},
	"format":           {"格式不符", "it has another form"},
	"enum":             {"不在允许的取值之内", "it is none of the values allowed"},
	"const":            {"不在允许的取值之内", "it is none of the values allowed"},
	"minLength":        {"过短", "it is too short"},
	"maxLength":        {"过长", "it is too long"},
	"minimum":          {"小于最小值", "it is less than the minimum"},
	"maximum":          {"大于最大值", "it is more than the maximum"},
	"number too long":  {"数字的有效位数多于 38 位", "the number has more than 38 digits"},
	"number too small": {"数字的小数多于 18 位", "the number has more than 18 digits after the point"},
	"number too large": {"数字过大（38 位有效数字之后最多再有 38 个零）", "the number is too large: at most 38 zeros may follow its 38 digits"},
	"character U+FFFD": {"含有字符 U+FFFD，说明原文的编码弄错了，文字已经损坏", "it holds U+FFFD, the mark of text that was damaged by a wrong encoding"},
	"columns":          {"列数与首行不符", "the number of columns is not that of the first line"},
	"damaged record": {
		"现有记录已损坏，无法保留其值；请用包含全部列的文件重新导入此条",
		"the present record is damaged, so its values cannot be kept; import it again from a file with all columns",
	},
	"unfit record": {
		"现有记录不符合现行目录，无法保留其值；请用包含全部列的文件重新导入此条",
		"the present record does not fit the entry in force, so its values cannot be kept; import it again from a file with all columns",
	},
	"duplicate key": {"主键与前面的行重复", "an earlier row has the same key"},
	"unknown field": {"有目录未列的数据项", "it has a field that the catalogue does not list"},
	"characters that cannot be read, such as control characters": {"含有不能辨认的字符，如控制字符", "it has characters that cannot be read, such as control characters"},
	"not UTF-8": {"不是 UTF-8 编码的文字", "it is not UTF-8"},
	"not UTF-8; save it as UTF-8 in a text editor": {"不是 UTF-8 编码的文字，请在文本编辑器中另存为 UTF-8", "it is not UTF-8; save it as UTF-8 in a text editor"},
	"too long":     {"整行过长", "the row is too long"},
	"chinese mark": {"最后一个字符是中文标点", "its last character is a Chinese mark"}, "too deep": {"嵌套过深", "it is nested too deep"},
	"malformed": {"不是 JSON 对象", "it is no JSON object"}, "not an object": {"不是 JSON 对象", "it is no JSON object"},
	"wrong character":  {"最后一个字符不符合 JSON 的写法", "its last character must not stand there in JSON"},
	"cut short":        {"JSON 对象不完整，缺少右括号或引号", "it is a JSON object that is cut short: a bracket or quotation mark is not closed"},
	"too much work":    {"核对计算量过大", "checking it takes too much work"},
	"exclusiveMinimum": {"不大于下限", "it is not more than the lower bound"}, "exclusiveMaximum": {"不小于上限", "it is not less than the upper bound"},
	"multipleOf": {"不是规定步长的倍数", "it is no multiple of the step"}, "minItems": {"项数过少", "it has too few items"}, "maxItems": {"项数过多", "it has too many items"},
	"uniqueItems": {"各项有重复", "an item stands twice in it"}, "not": {"属于不允许的取值", "it is a value that is not allowed"},
	"anyOf": {"不符合所允许的任何一种写法", "it fits none of the forms allowed"}, "oneOf": {"须恰好符合所允许的一种写法", "it must fit exactly one of the forms allowed"},
	"schema":     {"不符合目录规定的数据规范", "it is not as the schema in the catalogue says"},
	"no header":  {"所在的列没有表头", "its column has no header"},
	"open quote": {"有一个引号没有配对，从本行开始", "a quotation mark that begins in this line is not closed"}, "bare quote": {"单元格中有未按规则书写的引号（含引号的单元格须整个加引号，其中的引号写两遍）", "a quotation mark stands within a cell (such a cell is quoted as a whole, and the mark in it is doubled)"},
	"exponent":       {"被表格程序改成了科学记数法，原来的数字可能已经丢失（请把该列设为文本后重新录入）", "a spreadsheet program has made an exponent of it, and digits may be lost (make the column text, and enter it again)"},
	"digits lost":    {"超过 15 位，表格程序没有保留后面的数字（请把该列设为文本后重新录入）", "it has more than 15 digits, of which a spreadsheet program keeps no more (make the column text, and enter it again)"},
	"formula failed": {"是公式的出错结果，或尚未计算的公式（请用表格程序打开并保存），或因列宽不足未显示", "it is the error of a formula, a formula that was not calculated (open and save the file in a spreadsheet program), or was not shown because its column is narrow"},
	"merged":         {"与前面的单元格合并，本行没有自己的值（请取消合并后逐行填写）", "it is merged with a cell before it, so that this row has no value of its own (split the cells, and fill in each)"},
	"header again":   {"又是一行表头，不是记录（请删去该行）", "it is the header once more, and no record (delete the row)"},
	"spaces around":  {"首尾有空格（主键首尾不得有空格）", "there are spaces around it, and a key has none"},
	"unmended":       {"此前未通过，至今没有改动（请改正；如核对后确认无误，请清空本行的 xietong:mark 一栏）", "it was refused before, and nobody has changed it (correct it; or empty the column xietong:mark of the row, where it is right as it stands)"},

	// rows whose records keep values for which a file has no column
	"kept": {"与记录中保持现值的数据项合在一起，不符合目录规定的数据规范", "together with the values that the record keeps, the row is not as the schema in the catalogue says"},

	// files that cannot be imported (ground/table)
	"an .xls of Excel 97-2003":                  {zh: "这是 Excel 97-2003 的 .xls 文件"},
	"an .xlsb workbook":                         {zh: "这是 .xlsb 工作簿"},
	"an .ods workbook":                          {zh: "这是 .ods 工作簿"},
	"a zip archive or another document":         {zh: "这是压缩包或其他文档"},
	"a PDF":                                     {zh: "这是 PDF 文件"},
	"a web page or XML, whatever its name says": {zh: "不论文件名如何，内容是网页或 XML"},
	"a picture":                                 {zh: "这是图片"},
	"a packed file":                             {zh: "这是压缩文件"},
	"no text":                                   {zh: "内容不是文字"},
	"no .xlsx workbook":                         {zh: "这不是 .xlsx 工作簿"},
	"text in UTF-7":                             {zh: "文字编码是 UTF-7"},
	"the file":                                  {zh: "文件"},
	"a part of the workbook":                    {zh: "工作簿展开后"},
	"file format":                               {zh: "文件格式"},
	"encoding":                                  {zh: "文字编码"},
	"delimiter":                                 {zh: "分隔符"},
	"sheet":                                     {zh: "工作表"},
	"way to read cells":                         {zh: "单元格读法"},
	"other bytes":                               {zh: "有不属于该编码的字节", en: "it has bytes that are not of this encoding"},
	"lost characters":                           {zh: "有字符在此前转换时已丢失，显示为“�”", en: "characters were lost when it was converted before (�)"},
	"no encoding fits":                          {zh: "没有一种已知编码适合整个文件", en: "no encoding that is known fits the whole file"},
	"no mark":                                   {zh: "文件开头没有编码标记", en: "it does not begin with a mark"},
	"short UTF-8":                               {zh: "两种编码都读得通", en: "it can be read as either"},
	"not common Chinese":                        {zh: "按 GB18030 读出来多是不常用的字", en: "as GB18030 it reads as uncommon characters"},
	"no list":                                   {zh: "内容不是以 [ 开头的列表", en: "it is no list, which begins with ["},
	"no comma":                                  {zh: "两条记录之间没有逗号", en: "there is no comma between two records"},
	"no record":                                 {zh: "两个逗号之间没有记录", en: "there is no record between two commas"},
	"more after the list":                       {zh: "列表结束后还有内容", en: "something follows the list"},
	"the list is not closed":                    {zh: "列表没有以 ] 结束"},
	"damaged workbook":                          {zh: "工作簿的内容有误或不完整", en: "what is in the workbook is malformed or incomplete"},
	"two parts of one name":                     {zh: "压缩包中有同名的部分", en: "two parts in it have one name"},
	"two parts of one kind":                     {zh: "只应有一份的部分有两份", en: "it has two parts of a kind of which there is one"},
	"a part of two lengths":                     {zh: "压缩包中同一部分有两个长度", en: "a part in it has two lengths"},
	"bytes that are in no part":                 {zh: "压缩包的前后或中间有多余的内容", en: "it has bytes before, between or after its parts"},
	"two sheets of one name":                    {zh: "有同名的工作表", en: "two sheets have one name"},
	"a part of two sheets":                      {zh: "两个工作表用的是同一份内容", en: "two sheets have the same content"},
	"an id twice":                               {zh: "有重复的内部编号", en: "an id within it stands twice"},
	"an attribute twice":                        {zh: "有重复的属性", en: "an attribute stands twice"},
	"an element twice":                          {zh: "只应出现一次的内容出现了两次", en: "what may stand once stands twice"},
	"an element where it does not belong":       {zh: "有内容不在应在的位置", en: "something stands where it does not belong"},
	"a document type":                           {zh: "含有工作簿不应有的 DOCTYPE", en: "it has a DOCTYPE, which no workbook has"},
	"a cell with two values":                    {zh: "单元格有两个值", en: "a cell has two values"},
	"a value that programs read differently":    {zh: "有值在不同程序中读法不同", en: "programs read a value differently"},
	"a number format of two meanings":           {zh: "同一数字格式有两种含义", en: "a number format has two meanings"},
	"merged cells of no place":                  {zh: "合并单元格的范围有误", en: "the range of merged cells is malformed"},
	"merged cells over each other":              {zh: "合并单元格互相重叠", en: "merged cells overlap"},
	"a sheet that shows its formulas":           {zh: "工作表设为显示公式，看到的不是取值，请改为显示数值", en: "the sheet shows its formulas and not their values; have it show the values"},
	"a merged cell that hides a value":          {zh: "合并单元格遮住了另一个值", en: "a merged cell hides another value"},

	// what somebody says before it has proven who it is
	"fails inside":             {zh: "它内部出错", en: "it failed inside"},
	"refuses before its proof": {zh: "它拒绝应答；所给理由在它证明身份之前不予采信", en: "it refuses; a reason counts once it has proven who it is"},

	// what an entry lacks
	"the code is missing (code)":                                             {zh: "须写明编码（code）"},
	"the provider is missing (agency)":                                       {zh: "须写明提供部门（agency）"},
	"the key is missing (key): the field that tells one record from another": {zh: "须写明主键（key），即用来区分各条记录的数据项"},

	// faults of a setting
	"it is empty": {zh: "没有填写"}, "it does not begin with /": {zh: "不以 / 开头"}, "it lies in the data directory": {zh: "位于数据目录之内"},
	"none is listed":           {zh: "一个也没有列出"},
	"no setting is left in it": {zh: "其中已没有任何配置项"},
	"more than one document":   {zh: "含有多个文档"},
	"not YAML of this form":    {zh: "不是规定格式的 YAML"},

	// what a setting takes
	"setting version":   {zh: "版本号 1", en: "1"},
	"setting time_zone": {zh: "时区的名称，如 \"Asia/Shanghai\"；留空的用该时区", en: "the name of a time zone, such as \"Asia/Shanghai\", or empty for that one"},
	"setting listen":    {zh: "本机的 IP 地址和端口，如 \"0.0.0.0:7400\"；只主动连接的留空", en: "an IP address of this machine and a port, such as \"0.0.0.0:7400\", or empty for a node that only dials"},
	"setting addresses": {zh: "至多 4 个地址和端口，各不相同，如 [\"192.0.2.7:7400\"]", en: "at most 4 addresses with ports, each once, such as [\"192.0.2.7:7400\"]"}, "setting signed_sizes": {zh: "数据目录之外的文件夹，如 \"/var/lib/xietong-signed\"；不记的留空", en: "a folder outside the data directory, such as \"/var/lib/xietong-signed\", or empty for none"},
	"setting jurisdictions":  {zh: "1 到 1000 个行政区划，每个有 name 和 display_name", en: "1 to 1000 jurisdictions, each with name and display_name"},
	"setting name":           {zh: "永久名称，每个只列一次，如 nanming.guiyang.guizhou", en: "the permanent name, each once, such as nanming.guiyang.guizhou"},
	"setting display_name":   {zh: "全称，至多 200 字节，如 \"南明区\"", en: "the full name, at most 200 bytes, such as \"南明区\""},
	"setting short_name":     {zh: "简称，至多 200 字节", en: "a short name, at most 200 bytes"},
	"setting code":           {zh: "行政区划代码，加引号，如 \"520102\"", en: "a division code in quotes, such as \"520102\""},
	"setting level":          {zh: "层级，如 county", en: "a level, such as county"},
	"setting parent_address": {zh: "上级迁址后的地址和端口，如 \"192.0.2.1:7400\"；未迁址的留空", en: "where the parent is now, such as \"192.0.2.1:7400\", or empty where it has not moved"},

	// faults of an address
	"it is not HOST:PORT":                          {zh: "不是 HOST:PORT 的形式"},
	"its port is not a number from 1 to 65535":     {zh: "端口不在 1 到 65535 之间"},
	"its host is neither an IP address nor a name": {zh: "主机部分既不是 IP 地址，也不是主机名"},
	"its host is not an IP address":                {zh: "主机部分不是 IP 地址"},
	"nobody can dial that address":                 {zh: "该地址不能供他人连接"},
	"it stands twice":                              {zh: "重复列出"},

	// levels
	"nation": {zh: "国家级"}, "province": {zh: "省级"}, "prefecture": {zh: "市级"}, "county": {zh: "县级"}, "township": {zh: "乡级"}, "village": {zh: "村级"},

	// faults of a sum (exchange/gather)
	"does-not-add": {zh: "自相矛盾", en: "it does not add up"}, "unsigned": {zh: "所列答复没有签名", en: "a listed answer is not signed"},
	"dropped": {zh: "漏计", en: "left out"}, "doubled": {zh: "重复计入", en: "counted twice"}, "invented": {zh: "虚增", en: "more than was answered"},
	"altered": {zh: "与所收答复不符", en: "not what was answered"}, "withheld": {zh: "没有出示", en: "not shown"},
	"contradicted": {zh: "所称未答复者出示了答复", en: "said to be missing, and shows an answer"},

	// faults of an invitation
	"not an invitation":             {zh: "所给的文字不是邀请码的形式"},
	"cut short or mistyped":         {zh: "不完整或抄写有误"},
	"the readable part was changed": {zh: "可读部分被改动过"},
	"invalid invitation":            {zh: "内容不合规定"},
}

// lasted returns a duration in the language; what is none stays as it is.
func lasted(l Lang, value string) string {
	d, err := time.ParseDuration(value)
	if err != nil || l != Zh {
		return value
	}
	var parts []string
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "天"}, {time.Hour, "小时"}, {time.Minute, "分"}, {time.Second, "秒"}} {
		if n := d / unit.of; n > 0 {
			parts = append(parts, strconv.FormatInt(int64(n), 10)+" "+unit.name)
		}
		d %= unit.of
	}
	return cmp.Or(strings.Join(parts, " "), value)
}

// listed returns a list in the language. Words are told beside the codes of levels, because the
// code is what is typed.
func listed(l Lang, name, value string) string {
	list := strings.Split(value, ", ")
	for i, w := range list {
		switch {
		case name == "missing", name == "kinds":
			list[i] = Word(l, w)
		case name == "levels" && l == Zh && words[w].zh != "":
			list[i] = w + "（" + words[w].zh + "）"
		}
	}
	return strings.Join(list, l.pick("、", ", "))
}

// offers returns what a catalogue entry offers, such as "income: sum, average; by sex", in the
// language.
func offers(l Lang, value string) string {
	if l != Zh {
		return value
	}
	parts := strings.Split(value, "; ")
	for i, p := range parts {
		if by, grouped := strings.CutPrefix(p, "by "); grouped {
			parts[i] = "可按 " + strings.ReplaceAll(by, ", ", "、") + " 分组"
			continue
		}
		field, functions, _ := strings.Cut(p, ": ")
		for english, code := range map[string]Code{"sum": CLISum, "average": CLIAverage, "minimum": CLIMinimum, "maximum": CLIMaximum} {
			functions = strings.ReplaceAll(functions, english, english+" "+sentences[code].zh) // the code is what is typed
		}
		parts[i] = field
		if functions != "" {
			parts[i] += "（" + strings.ReplaceAll(functions, ", ", "、") + "）"
		}
	}
	return strings.Join(parts, "，")
}

// nothing tells what is said where a value is missing, beside "none".
var nothing = map[string]word{
	"from": {"不限", "any time"}, "to": {"不限", "any time"},
	"reason": {"原因不明", "the cause is not known"}, "level": {"（未指明）", "any"}, "when": {"时间见该条目", "the entry tells when"}, "column": {"（整行）", "the whole row"}, "field": {"（整条记录）", "(the whole record)"}, "size": {"未计", "not counted"},
	"lost": {"其余数据项", "the other fields"},
	"":     {"（无）", "(none)"},
}

// saidOf returns a value or, where it says nothing, what is said in its place.
func saidOf(l Lang, name, value string) string {
	if says(value) {
		return value
	}
	return cmp.Or(nothing[name].in(l), nothing[""].in(l))
}

// says reports whether a value says anything. A dash is how older versions tell that it does not.
func says(value string) bool { return value != "" && value != "-" }

func (w word) in(l Lang) string { return l.pick(w.zh, w.en) }

// LevelCalled returns the level that a word of either language names in any case, such as
// prefecture for 市级 or Prefecture, or the word itself.
func LevelCalled(word string) string {
	for _, level := range Levels {
		if words[level].zh == word || strings.EqualFold(level, word) {
			return level
		}
	}
	return word
}

// Levels are the levels that a place may have where no roster says otherwise, from the top down.
var Levels = []string{"nation", "province", "prefecture", "county", "township", "village"}

// Word returns a word of the floors below in the language, or w itself where w is no such word.
func Word(l Lang, w string) string { return cmp.Or(l.pick(words[w].zh, words[w].en), w) }

// worded returns args with these values in the language: "what" (the thing that is looked for),
// "where", "reason", "believed", "level", lists, and how long something lasted. All others are
// there as they may be shown. One that says nothing is replaced by words that say so.
func worded(l Lang, args Args) Args {
	told := maps.Clone(args)
	for name, value := range args {
		value = shown(value)
		value = saidOf(l, name, value)
		told[name] = value
		switch name {
		case "reason":
			told[name] = broken(l, args[name], value)
		case "holds":
			told[name] = partWords[args[name]].holds.told(l, nil)
		case "mend":
			told[name] = partWords[args[name]].mend.told(l, nil)
		case "kept":
			told[name] = keptTold(l, args[name])
		case "mistakes":
			told[name] = rosterFaults(l, args[name], value)
		case "faults":
			told[name] = headerFaults(l, args[name], value)
		case "what", "where", "believed", "wanted", "level", "own":
			told[name] = Word(l, value)
		case "behind", "offset", "by":
			told[name] = lasted(l, value)
		case "offered":
			told[name] = offers(l, value)
		case "still":
			told[name] = stillTold(l, value)
		case "levels", "provinces", "missing", "agencies", "jurisdictions", "field", "fields", "lost", "purposes", "known", "kinds", "encodings", "sheets", "first":
			told[name] = listed(l, name, value)
		case "near":
			told[name] = nearTold(l, value)
		}
	}
	return told
}
