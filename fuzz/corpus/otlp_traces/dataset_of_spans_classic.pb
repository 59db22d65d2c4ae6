
!


service.name
shop*x



other
x*x