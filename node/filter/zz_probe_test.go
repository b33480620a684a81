package filter
import ("testing";"fmt";"strings")
func TestZZ(t *testing.T){
 for _,n:=range []string{"type","int","string","in","size","list","户数","a b","x/y","","9","__result__","google","true","a:b","bool"}{
  _,err:=Compile(`code == "1"`,append([]Field{{n,String,false}},fields[0])); if err!=nil {fmt.Printf("field %q: %v\n",n,err)}
 }
 for _,e:=range []string{"code == \"1\" &&\n  zz == 1",".name == \"观水社区\"","tags.exists(name, name == \"a\")","households * 1 == 120","area * 2.0 == 3.0","\xff","name == \"观水社区\" && zz", strings.TrimSuffix(strings.Repeat("code == \"1\" || ",200),"|| "), strings.TrimSuffix(strings.Repeat("households + ",60),"+ ")+" > 1","name.matches(\"(a+)+$\")", "name != \"y\"","population != 0","population == null","1/0 == 1", "type(name) == string"}{
  f,err:=Compile(e,fields); if err!=nil{fmt.Printf("%.50q: %v\n",e,err);continue}
  b,err:=f.Match([]byte(record)); fmt.Printf("%.50q %v %v %v\n",e,b,err,f.Fields())
 }
 for _,c:=range [][2]string{{"households > 100",`{"households":12345678901234567890}`},{"area * 2.0 == 4.0",`{"area":2}`},{"tags[0] + 1 == 2",`{"tags":[1]}`},{`"a" in tags`,`{"tags":null}`}}{
  f,err:=Compile(c[0],fields); if err!=nil{fmt.Println(c,err);continue}
  b,err:=f.Match([]byte(c[1])); fmt.Println(c,b,err)
 }
}
func BenchmarkZZ(b *testing.B){
 f,_:=Compile(`code == "111" && name.startsWith("观")`,fields)
 for b.Loop(){f.Match([]byte(`{"area":1.5,"code":"111","households":120,"name":"观水社区","urban":true}`))}
}
