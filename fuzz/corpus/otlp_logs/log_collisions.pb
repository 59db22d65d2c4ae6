
©
F

service.name
shop

severity_text

resource

x

resource_

x
scope7*
field2
body
	attribute2
severity
	attributefield*2	

k