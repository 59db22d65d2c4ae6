
1


service.name
shop*
plain all along