package Test::Nginx::DNS::Tap;

# A reader of dnstap: Debian's fstrm_capture.  What it has read is decoded here,
# since Debian 12's dnstap-ldns ends at a protocol that it does not know (DOT).
#
#   Test::Nginx::DNS::Tap->need($t);
#
# skips the test where there is none, or where nginx has no dns_dnstap; "lacks"
# says which of them, or nothing.
#
#   my $tap = Test::Nginx::DNS::Tap->new($t, $name, unix => $path);
#   my $tap = Test::Nginx::DNS::Tap->new($t, $name, tcp => $port);
#
#   $tap->signal('STOP')
#   $tap->stop               ends it, and returns what it has read, in order:
#                            { type, identity, version, socket_protocol,
#                              query_address, query_zone, name, rcode, dns }
#   $tap->lines              the same, as dnstap-ldns -q has it
#   $tap->start              once more, into another file
#   $tap->said               what it has logged

use warnings;
use strict;

use Socket qw/ AF_INET AF_INET6 inet_ntop /;
use Test::More import => [];

use Test::Nginx::DNS::Message qw/ decode /;

# the numbers of dnstap.proto (dnstap.info)

my %names = (1 => 'type', 2 => 'socket_family', 3 => 'socket_protocol',
    4 => 'query_address', 5 => 'response_address', 6 => 'query_port',
    7 => 'response_port', 8 => 'query_time_sec', 9 => 'query_time_nsec',
    10 => 'query_message', 11 => 'query_zone', 12 => 'response_time_sec',
    13 => 'response_time_nsec', 14 => 'response_message');

my %types = (5 => 'CLIENT_QUERY', 6 => 'CLIENT_RESPONSE',
    7 => 'FORWARDER_QUERY', 8 => 'FORWARDER_RESPONSE');
my %protocols = (1 => 'UDP', 2 => 'TCP', 3 => 'DOT', 4 => 'DOH');
my %families = (1 => 'INET', 2 => 'INET6');


sub need {
    my ($class, $t) = @_;

    my $what = $class->lacks($t) // return;

    $t->{skipped} = 1;
    Test::More::plan(skip_all => $what);
}


sub lacks {
    my ($class, $t) = @_;

    for my $program (qw/ fstrm_capture dnstap-ldns /) {
        next if grep { -x "$_/$program" } split /:/, $ENV{PATH};

        return "no $program here";
    }

    my ($code, $said) = $t->test_config(<<'EOF');
%%TEST_GLOBALS%%
events { }
stream {
    server {
        listen 127.0.0.1:%%PORT_8053%% udp;
        dns_dnstap unix:/nowhere;
        dns_forward . 192.0.2.1;
    }
}
EOF

    return $code && $said =~ /is not in this build/
           ? 'no dns_dnstap in this build' : undef;
}


sub new {
    my ($class, $t, $name, $kind, $where) = @_;

    my $self = bless { t => $t, name => $name, kind => $kind,
                       where => $where }, $class;

    return $self->start();
}


sub start {
    my ($self) = @_;

    my ($t, $where) = ($self->{t}, $self->{where});
    my @from = $self->{kind} eq 'unix' ? ('-u', $where)
                                       : ('-a', '127.0.0.1', '-p', $where);

    $self->{n}++;
    $self->{log} = "$self->{name}.$self->{n}.log";
    $self->{file} = $t->testdir() . "/$self->{name}.$self->{n}.tap";
    $self->{pid} = $t->spawn($self->{log}, 'fstrm_capture', '-dddd',
                             '-t', 'protobuf:dnstap.Dnstap', @from,
                             '-w', $self->{file});

    $t->wait_for(sub { $self->said() =~ /opened output file/ });

    return $self;
}


sub signal { kill $_[1], $_[0]->{pid} }

sub said { $_[0]->{t}->read_file($_[0]->{log}) }


sub stop {
    my ($self) = @_;

    kill 'CONT', $self->{pid};
    kill 'INT', $self->{pid};
    waitpid $self->{pid}, 0;

    return map { message($_) } frames($self->{t}->read_file("$self->{name}.$self->{n}.tap"));
}


# what Debian's own program makes of it: a line for each message

sub lines {
    my ($self) = @_;

    open my $fh, '-|', 'dnstap-ldns', '-q', '-r', $self->{file}
        or die "dnstap-ldns: $!\n";

    return <$fh>;
}


# Frame Streams: a length and octets; control frames have a length of 0 and
# another length

sub frames {
    my ($data) = @_;

    my @frames;

    while (length $data >= 4) {
        my $len = unpack 'N', substr($data, 0, 4, '');

        if ($len == 0) {
            $len = unpack 'N', substr($data, 0, 4, '');
            substr($data, 0, $len, '');
            next;
        }

        push @frames, substr($data, 0, $len, '');
    }

    return @frames;
}


# protobuf: fields by their numbers; an octet string may be a message

sub fields {
    my ($data) = @_;

    my %fields;

    while (length $data) {
        my $key = varint(\$data);
        my ($number, $wire) = ($key >> 3, $key & 7);

        $fields{$number} = $wire == 0 ? varint(\$data)
                         : $wire == 2 ? substr($data, 0, varint(\$data), '')
                         : $wire == 5 ? unpack('V', substr($data, 0, 4, ''))
                         : die "a field of type $wire\n";
    }

    return \%fields;
}


sub varint {
    my ($data) = @_;

    my ($n, $shift) = (0, 0);

    for ( ;; ) {
        my $octet = ord substr($$data, 0, 1, '');

        $n |= ($octet & 127) << $shift;
        return $n if $octet < 128;
        $shift += 7;
    }
}


sub message {
    my ($frame) = @_;

    my $f = fields($frame);
    my $m = fields($f->{14});

    die "a frame of type $f->{15}\n" if $f->{15} != 1;

    my %m = (identity => $f->{1}, version => $f->{2});

    $m{$names{$_}} = $m->{$_} for grep { $names{$_} } keys %$m;

    $m{type} = $types{$m{type}};
    $m{socket_protocol} = $protocols{$m{socket_protocol}};
    $m{socket_family} = $families{$m{socket_family} // 0};

    for my $address (grep { defined } @m{qw/ query_address response_address /}) {
        $address = inet_ntop(length $address == 4 ? AF_INET : AF_INET6,
                             $address);
    }

    for my $side (qw/ query response /) {
        next if !defined $m{"${side}_time_sec"};

        $m{"${side}_time"} = sprintf '%d.%09d', $m{"${side}_time_sec"},
                                     $m{"${side}_time_nsec"};
    }

    $m{query_zone} = join '', map { "$_." } unpack '(C/a)*', $m{query_zone}
        =~ s/\0$//r if defined $m{query_zone};

    my $octets = $m{query_message} // $m{response_message};
    my $dns = decode($octets);

    return { %m, dns => $dns, octets => $octets, name => $dns->{qname_raw},
             map { $_ => $dns->{$_} } qw/ id rcode / };
}


1;
