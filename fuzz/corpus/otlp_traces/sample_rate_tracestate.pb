
¡


service.name
shop„ot=th:c*4ot=th:8*2ot=th:0*1ot=th:C*4, upper case,rojo=00f, ot=rv:123;th:c*4, behind others)ot=th:c,ot=th:8*4, the first ot member2ot=rv:1,ot=th:8*1, the first ot member has noneth=c;x=y*4, old form$th=c,x=y*1, old form with a commaot=th:zz*
1, bad hex.ot=th:fefefefefefefe*254, floored above 100*ot=th:ffffffffffffff*2147483647 at most