"""The words with which customers ask for a person, in Portuguese, English and Spanish, folded.

Each is a pattern for any of the words between the bars. Words of the three languages stand
together, since customers mix them; `wishes` makes sentences of them.
"""


def any_of(*lines: str) -> str:
    """The longest word first, so that none hides another."""
    words = {word for line in lines for word in line.split("|")}
    return f"(?:{'|'.join(sorted(words, key=lambda word: (-len(word), word)))})"


# Words that mean nobody else than a person who answers customers.
HUMAN = any_of(
    "atendente|atendete|atendende|atentente|antendente|atendente humano|atendente humana",
    "atendente real|atendente de verdade|humano|humana|umano|ser humano|pessoa humana|pessoa real",
    "pessoa de verdade|pessoa de carne e osso|gente de verdade|gente real|alguem de verdade",
    "alguem real|atendimento humano|atendimento humanizado|suporte humano|ajuda humana",
    "human|human being|human agent|human person|human representative|human operator",
    "human support|human help|human assistance|live agent|live person|live human",
    "live representative|live operator|real agent|real person|real human|real human being",
    "real people|actual person|actual human|actual human being",
    "persona real|persona de verdad|persona humana|agente humano|agente real|asesor humano",
    "asesora humana|operador humano|alguien real|alguien de verdad|gente de verdad",
    "atencion humana|ayuda humana|soporte humano",
)
STAFF = any_of(
    "operador|operadora|gerente|supervisor|supervisora|vendedor|vendedora|consultor|consultora",
    "responsavel|representante|agente|dono|dona|funcionario|funcionaria",
    "agent|representative|rep|operator|attendant|manager|owner|salesperson|team member",
    "customer service agent|customer service rep|customer service representative",
    "support agent|support rep|support representative|staff member",
    "asesor|asesora|ejecutivo|ejecutiva|encargado|encargada|responsable|dueno|duena",
)
TEAM = any_of(
    "suporte|suporte tecnico|sac|atendimento|equipe|equipe de suporte|equipe de atendimento",
    "customer service|customer support|customer care|support|support team|tech support",
    "soporte|soporte tecnico|servicio al cliente|atencion al cliente|equipo de soporte",
)
SOMEBODY = any_of("pessoa|alguem|gente|person|someone|somebody|persona|alguien")
MACHINE = any_of(
    "robo|robos|bot|bots|chatbot|maquina|ia|inteligencia artificial|computador|assistente virtual",
    "robot|robots|machine|machines|ai|computer|virtual assistant|asistente virtual",
)
ARTICLE = any_of(
    "um|uma|o|a|os|as|algum|alguma|outro|outra|esse|essa|este|esta|aquele|aquela|qualquer|seu|sua",
    "an|the|some|any|another|your|other|different|un|una|el|la|algun|otro|otra|su|de|do|da",
)
WISH = any_of(
    "quero|queria|queremos|gostaria|gostaria de|posso|poderia|podia|podemos|prefiro|preferia",
    "desejo|exijo|kero|qro|qero|qria|nao consigo|nao consegui|nao estou conseguindo|como consigo",
    "como posso|da pra|da para|tem como|teria como|tem jeito de|e possivel|seria possivel",
    "como faco pra|como faco para|como eu faco pra|como eu faco para|como faz pra|como faz para",
    "como fazer pra|como fazer para|me deixa|me deixe|deixa eu|deixe me",
    "want|wanna|would like|id like|would love|would rather|id rather|prefer|can i|could i|may i",
    "can we|could we|cant i|let me|lemme|demand|trying|how do i|how can i|how could i|how do we",
    "is it possible|is there a way|is there any way|any way",
    "quiero|quisiera|me gustaria|puedo|podria|podriamos|deseo|prefiero|preferiria|como puedo",
    "como hago para|es posible|seria posible|se puede|hay forma de|hay manera de|dejame|dejeme",
)
# As a question, these ask whether one has to.
NEED = any_of(
    "preciso|precisava|precisamos|necessito|tenho que|tenho de",
    "need|have to|got to|gotta|necesito|necesitamos|tengo que",
)
WANT = any_of(
    "quero|queria|queremos|gostaria|prefiro|preferia|desejo|exijo|kero|qro|qero|qria|want|wanna",
    "would like|id like|would rather have|id rather have|prefer|demand|can i get|can i have",
    "could i get|could i have|may i have|quiero|quisiera|prefiero",
    "preferiria|deseo|me gustaria",
)
TALK = any_of(
    "falar|fala|conversar|conversa|contato|contatar|entrar em contato|ser atendido|ser atendida",
    "ser transferido|ser transferida|atendimento",
    "speak|talk|chat|communicate|get in touch|get through|get hold|be connected|be transferred",
    "be put through|speaking|talking",
    "hablar|ablar|chatear|platicar|comunicarme|comunicar|contactar|contactarme",
    "ponerme en contacto",
)
TALK_FIRST = any_of(
    "falar|conversar|entrar em contato|contato|speak|talk|chat|hablar|comunicarme|contactar"
)
WITH = any_of("com|c|con|to|with|por|pelo|pela")
CONTACT = any_of("chamar|contatar|contact|reach|get hold of|call in|contactar|contactar a|llamar a")
HELP_FROM = any_of(
    "ajuda de|atendimento de|ayuda de|atencion de|help from|support from|assistance from"
)
FILLER = any_of(
    "eu|agora|ja|so|apenas|somente|por favor|diretamente|direto|mesmo|urgente|poder|conseguir|me",
    "um pouco|muito|logo|imediatamente|tambem|entao|de|a",
    "please|just|now|really|to|also|directly|only|i|we|actually|be able|of",
    "ahora|solo|ya|mejor|urgentemente|directamente|tambien",
)
# Asked of us: hand me over, get me somebody.
MOVE = any_of(
    "passa|passe|transfere|transfira|encaminha|encaminhe|coloca|coloque|conecta|conecte|direciona",
    "direcione|redireciona|redirecione|bota|manda|mande|passas|pasas|pasa|comunica|comunicas",
    "conectas|transfieres|transfiere",
)
TO_MOVE = any_of(
    "passar|transferir|encaminhar|colocar|conectar|direcionar|redirecionar|botar|mandar",
    "pasar|comunicar|derivar|poner",
)
TO_MOVE_ME = any_of("pasarme|comunicarme|transferirme|ponerme|conectarme|derivarme")
MOVE_ME = any_of(
    "pasame|paseme|pasenme|transfiereme|transfierame|transferime|comunicame|comuniqueme",
    "comuniquenme|conectame|conecteme|derivame|deriveme|ponme|pongame",
)
MOVE_ME_TO = any_of(
    "connect|transfer|put|pass|switch|forward|hand|send|redirect|escalate|move|take",
)
ME = any_of("me|us|this|it|over|through|on|straight|directly|right|back|now")
TOWARDS = any_of(
    "pra|para|p|pro|ao|a|com|c|con|num|numa|por|pelo|pela|to|with|through|in touch with"
)
WILL_YOU = any_of(
    "pode|poderia|podem|poderiam|consegue|conseguem|teria como|tem como|da pra|da para|quero que",
    "puede|puedes|pueden|podria|podrias|podrian|quiero",
)
FETCH = any_of(
    "chama|chame|chamar|me chama|me da|me de|me arruma|me manda|me arranja",
    "get me|give me|find me|bring me|get us|give us|fetch me",
    "dame|deme|llama a|llame a|llamen a|pasame|paseme|pasenme|comunicame|ponme",
)
BEFORE = any_of(
    "por favor|favor|pode|poderia|podem|entao|logo|ou|e|please|pls|plz|you|just|and|so|then|now",
    "ok|okay|kindly|or|puede|puedes|porfa|y",
)
IS_THERE = any_of(
    "tem|teria|existe|ha|cade|onde esta|hay|tienen|tienes|donde esta|is there|are there",
    "isnt there|do you have|have you got|where is|wheres|any",
)
SERVE = any_of("atenda|atendam|ligue|responda|atienda|atiendan|llame|conteste")
TO_TALK_TO = any_of(
    "com quem|pra falar|para falar|pra conversar|i can talk|i can speak|i could talk|to talk to",
    "to speak to|to speak with|con quien|para hablar",
)
TIRED = any_of(
    "nao quero|nao queria|nao quero mais|nao gosto de|nao aguento|nao aguento mais|nao vou|n quero",
    "n quero mais|cansei de|cansado de|cansada de|odeio|detesto|prefiro nao|chega de|parar de",
    "dont want to|do not want to|dont wanna|dont like|tired of|sick of|hate|rather not|stop",
    "no quiero|ya no quiero|no quiero mas|no me gusta|cansado de hablar|harto de|harta de|odio",
)
TALK_TO_IT = any_of(
    "falar|falando|conversar|conversando|ser atendido por|ser atendida por|tratar",
    "talk|talking|speak|speaking|chat|chatting|deal|dealing|hablar|hablando|chatear",
)
NO_MORE = any_of(
    "chega de|chega desse|chega deste|sai|fora|nada de|no more|enough of this|enough with this",
    "enough with the|basta de|ya basta de|odeio esse|odeio este|sick of this|tired of this",
)
# What may come behind the person without changing what is meant.
PLEASE = any_of(
    "por favor|porfavor|por gentileza|faz favor|pf|pfv|pfvr|favor|please|pls|plz|porfa|porfis"
)
THANKS = any_of("obrigado|obrigada|obg|thanks|thank you|gracias")
YES = any_of("ok|sim|yes|si")
NOW = any_of(
    "agora|ja|urgente|urgentemente|imediatamente|logo|hoje|mesmo|now|right now|asap|immediately",
    "ahora|ya|ahora mismo|right away",
)
HERE = any_of(
    "ai|aqui|por ai|por aqui|disponivel|online|on line|na linha|no chat|pra mim|para mim",
    "trabalhando|there|here|available|around|on the line|ahi|alli|disponible|en linea|comigo",
    "conmigo|with me|real|de verdade|de verdad",
)
FOR_ME = any_of(
    "para me|pra me|p me|para falar|pra falar|para conversar|pra conversar|que me|que possa",
    "to help|to talk|to speak|to chat|to call|who can|that can|i can|para que me|que pueda",
    "para hablar|con quien|con la que|com quem",
)
AND_NOT = any_of(
    "nao|e nao|not|and not|instead|no|y no|em vez|en vez|ao inves|rather than|porque|pq|because",
    "sobre|about|regarding|antes que|senao|instead of",
)
GREETING = any_of(
    "oi|ola|opa|bom dia|boa tarde|boa noite|e ai|hi|hello|hey|good morning|good afternoon",
    "good evening|hola|buenas|buenos dias|buenas tardes|buenas noches",
)
# Enough by themselves, as HUMAN is.
BARE = any_of(
    "operador|operadora|agente|agent|representative|asesor|asesora|operator|attendant",
    "customer service|customer support|customer service representative|customer service rep",
    "customer service agent|support agent|agente de atendimento|a human|a real person|a live agent",
)
STOPPING = any_of(
    "parar|pare|stop|detener|detente|basta|stop it|stop this|pare com isso|para com isso",
    "parar bot|parar robo|parar o bot|parar o robo|para o bot|para o robo|pare o bot|pare o robo",
    "desliga o bot|desliga o robo|desligar bot|desligar robo|desligar o bot|desligar o robo",
    "parar atendimento automatico|pare de responder|para de responder|pare de me responder",
    "para de me responder|pare de mandar mensagem|para de mandar mensagem",
    "pare de me mandar mensagem|para de me mandar mensagem",
    "stop bot|stop the bot|stop the robot|stop the ai|stop replying|stop responding",
    "stop messaging me|stop texting me|stop writing me|stop writing to me|turn off the bot",
    "detener bot|detener el bot|detener el robot|parar el bot|parar el robot|apaga el bot",
    "deja de escribirme|deja de responder|deje de escribirme|dejen de escribirme",
)
