"""Words of shops and of customer service that ask for the same thing, by language.

A question's word also finds texts with another word of its line, at a lower weight. Only words of
everyday trade stand here; what a company calls its own things belongs into its texts.
"""

from collections.abc import Mapping
from functools import cache

from knowledge.texts.folding import folded_words
from knowledge.texts.languages import find
from knowledge.texts.words import stems

PORTUGUESE = """
entrega frete envio entregar enviar envia despacho despachar
entrega chegar chega receber recebimento prazo
envio mandar mandam manda
troca trocar devolucao devolver
devolucao arrependimento desistir arrependi desistencia
reembolso reembolsar estorno estornar ressarcimento
cancelar cancelamento cancela
quebrado avariado danificado rachado riscado amassado trincado arranhado estragado defeito avaria
defeito conserto consertar assistencia reparo arrumar
garantia cobertura cobre
vazado derramou vazou derramado vazamento
preco valor custo custa cobram cobra taxa tarifa
barato desconto promocao oferta abatimento
gratis gratuito gratuita graca cortesia
parcela parcelar parcelado parcelamento prestacao vezes
cartao credito
pagar pagamento pagando pago paga
cupom codigo voucher
boleto boletinho
nota nf nfe fiscal
dinheiro especie
pedido compra encomenda comprei
acompanhar rastrear rastreio rastreamento andamento
retirar retirada buscar retiro pegar pessoalmente
loja unidade filial showroom
endereco localizacao localizada rua
horario abre fecha funcionamento abertura fecham abrem funciona
contato telefone falar sac atendimento
email mail
whatsapp whats zap
senha login acesso acessar
cadastro conta cadastrar
dados informacoes privacidade lgpd
estoque disponivel disponibilidade esgotado acabou
montar montagem montador montam montado
desmontar desmontagem desmontam
manual instrucao instrucoes papel
limpar limpeza lavar lavagem higienizar limpo
secar seco
tamanho medida medidas dimensao dimensoes comprimento largura altura profundidade
cor tom tonalidade colorido
peso kg quilos aguenta suporta
sofa estofado
roupeiro armario
apartamento ape predio condominio
elevador escada icamento
reserva guardar guardam segurar seguram reservar
presente embrulho presentear
crianca bebe infantil criancas
gravida gravidez gestante gestacao gravidas
amamentar amamentando lactante amamentacao lactantes
idoso idosos
homem masculino
mulher feminino
cachorro gato pet animal
bicho animal
vegano vegana
alergia alergico reacao irritacao coceira ardencia
shampoo xampu
condicionador creme
perfume fragrancia cheiro aroma
espinha acne cravo
oleosa oleosidade
careca queda caindo calvicie
pintar tintura tingir coloracao tinta
maquiagem maquiar make automaquiagem
aula curso oficina
amostra tester miniatura provar experimentar amostras
vencido validade vencimento data
assinatura assinar automatico recorrente mensal
pontos fidelidade
revender revendedor revendedora revenda
empresa cnpj corporativo
atacado quantidade lote
arquiteto decorador parceria profissional
vaga emprego curriculo trabalhar
fornecedor vender
exterior internacional pais
urgente rapido expresso rapida
sedex expresso
agendar agendamento marcar horario
reagendar remarcar adiar
atraso atrasado demora demorando
feriado domingo sabado
errado diferente trocado
faltando faltou incompleto falta
reposicao peca avulsa avulso
usado antigo velho
novo lacrado
aberto violado
reclamar reclamacao avisar
advogado procon
corrigir alterar mudar correcao mudanca
dividir separar
juntar unir
fabricado fabricacao fabrica produzido
material composicao materia
ingrediente composicao formula ingredientes
dura durabilidade duracao
combina combinar harmoniza
quarto dormitorio
cozinha copa
travesseiro almofada
"""

ENGLISH = """
delivery shipping ship deliver arrive dispatch
return exchange refund
cancel cancellation
broken damaged defective cracked scratched
price cost fee charge
cheap discount promotion sale coupon
free gratis
installment installments
pay payment
order purchase
track tracking
pickup collect
store shop branch
address location
hours open close
contact phone call
password login account
stock available availability
assemble assembly
clean wash
size dimension length width height
color colour shade
gift present
child baby kid
pregnant pregnancy
allergy allergic reaction
expired expiry
warranty guarantee
repair fix
"""

SPANISH = """
entrega envio enviar llegar despacho
cambio cambiar devolucion devolver
reembolso reintegro
cancelar cancelacion
roto danado defectuoso rayado averiado
precio costo cuesta valor
barato descuento promocion oferta
gratis gratuito
cuota cuotas plazos
pagar pago
pedido compra
rastrear seguimiento
retirar recoger retiro
tienda local sucursal
direccion ubicacion
horario abre cierra
contacto telefono llamar
contrasena cuenta registro
stock disponible disponibilidad
armar montaje montar
limpiar lavar
tamano medida largo ancho alto
color tono
regalo obsequio
nino bebe
embarazada embarazo
alergia reaccion
vencido caducado vencimiento
garantia cobertura
reparar arreglo
"""

_TEXTS: Mapping[str, str] = {"pt": PORTUGUESE, "en": ENGLISH, "es": SPANISH}


@cache
def relatives(language: str) -> Mapping[str, frozenset[str]]:
    """For each stem the other stems of its lines."""
    code = find(language).code
    found: dict[str, set[str]] = {}
    for line in _TEXTS[code].splitlines():
        group = set(stems(folded_words(line), code))
        for stem in group:
            found.setdefault(stem, set()).update(group - {stem})
    return {stem: frozenset(others) for stem, others in found.items()}
