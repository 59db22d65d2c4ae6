
!


service.name
shop*x